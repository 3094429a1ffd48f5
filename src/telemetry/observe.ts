import { checkOptionNames } from "../check_options.ts";
import type { ListenerStats } from "../server/listener_stats.ts";
import type { TopicsStats } from "../topics/topics_events.ts";
import { type Meter, observeMetrics } from "./instruments.ts";
import { SERVER_METRICS, TOPICS_METRICS } from "./metrics.ts";
import { traceHandshakes, type Tracer } from "./trace_handshakes.ts";

/**
 * The subjects of {@linkcode observe}.
 *
 * @example A server and its topics
 * ```ts
 * import { serve } from "@wsd/driver";
 * import { observe, type Observed } from "@wsd/driver/telemetry";
 * import { Topics } from "@wsd/driver/topics";
 *
 * await using server = serve({ port: 0, onListen() {} }, () => new Response());
 * const topics = new Topics({ name: "app" });
 * const observed: Observed = { server, topics };
 * using _telemetry = observe(observed);
 * ```
 * @category Telemetry
 */
export interface Observed {
  /** The return value of `serve`. */
  readonly server?: { readonly stats: ListenerStats };
  /** Topics. */
  readonly topics?: { readonly stats: TopicsStats };
}

/**
 * The options of {@linkcode observe}.
 *
 * @example Distinguish two servers of one process
 * ```ts
 * import { serve } from "@wsd/driver";
 * import { observe, type ObserveOptions } from "@wsd/driver/telemetry";
 *
 * const options: ObserveOptions = { attributes: { "server.role": "chat" }, traces: false };
 * await using server = serve({ port: 0, onListen() {} }, () => new Response());
 * using _telemetry = observe({ server }, options);
 * ```
 * @category Telemetry
 */
export interface ObserveOptions {
  /**
   * The attributes of each value.
   *
   * @default {{}}
   */
  attributes?: Readonly<Record<string, string | number>>;
  /**
   * Whether each opening handshake of this process becomes a span.
   *
   * @default {true}
   */
  traces?: boolean;
  /**
   * Creates meters: a `MeterProvider` of OpenTelemetry.
   *
   * @default {Deno.telemetry.meterProvider}
   */
  meterProvider?: { getMeter(name: string): object };
  /**
   * Creates tracers: a `TracerProvider` of OpenTelemetry.
   *
   * @default {Deno.telemetry.tracerProvider}
   */
  tracerProvider?: { getTracer(name: string): object };
}

/** The name of the instrumentation scope, by which backends group values. */
const SCOPE = "@wsd/driver";

const OBSERVED_NAMES = { server: true, topics: true } as const;
const OPTION_NAMES = { attributes: true, traces: true, meterProvider: true, tracerProvider: true } as const;

/**
 * Reports counts as OpenTelemetry metrics, and each opening handshake as a span. Nothing happens per message: counts
 * are read when values are exported.
 *
 * With Deno's own exporter, `OTEL_DENO=true`, nothing else is needed; without it, this does nothing. With another
 * exporter, hand over its providers.
 *
 * @param observed A server, topics, or both.
 * @param options Attributes, and other providers than Deno's.
 * @returns A disposable that stops it, with `using` or its `[Symbol.dispose]()`.
 * @throws {TypeError} If either argument isn't an object, or contains an unknown name.
 *
 * @example Observe a server and its topics
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 * import { observe } from "@wsd/driver/telemetry";
 * import { Topics } from "@wsd/driver/topics";
 *
 * const topics = new Topics({ name: "chat" });
 * // Port 0 chooses a free one; use your own.
 * await using server = serve({ port: 0 }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => topics.subscribe(ws, "lobby"));
 *   return ws.accept();
 * });
 * using _telemetry = observe({ server, topics });
 * ```
 * @category Telemetry
 */
export function observe(observed: Observed, options: ObserveOptions = {}): Disposable {
  checkOptionNames("observe", observed, OBSERVED_NAMES);
  checkOptionNames("observe", options, OPTION_NAMES);
  const { server, topics } = observed;
  const { attributes = {}, traces = true } = options;
  const meter = meterOf(options);
  const ends: (() => void)[] = [];
  if (meter !== null && server) ends.push(observeMetrics(meter, SERVER_METRICS, () => server.stats, attributes));
  if (meter !== null && topics) ends.push(observeMetrics(meter, TOPICS_METRICS, () => topics.stats, attributes));
  const tracer = traces ? tracerOf(options) : null;
  if (tracer !== null) ends.push(traceHandshakes(tracer, attributes));
  return { [Symbol.dispose]: () => ends.splice(0).forEach((end) => end()) };
}

function meterOf({ meterProvider }: ObserveOptions): Meter | null {
  return attempt(() => (meterProvider ?? Deno.telemetry.meterProvider).getMeter(SCOPE) as Meter);
}

function tracerOf({ tracerProvider }: ObserveOptions): Tracer | null {
  return attempt(() => (tracerProvider ?? Deno.telemetry.tracerProvider).getTracer(SCOPE) as Tracer);
}

/** Deno's providers throw unless telemetry is switched on. */
function attempt<T>(get: () => T): T | null {
  try {
    return get();
  } catch {
    return null;
  }
}
