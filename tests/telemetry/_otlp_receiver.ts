// A receiver of OTLP over HTTP that reads what comes with OpenTelemetry's own code, which is generated from the
// definition of the protocol.
import { assertEquals } from "@std/assert";

/** A metric, as it was exported last. */
export interface ExportedMetric {
  unit: string;
  description: string;
  /** Whether it only grows. */
  grows: boolean;
  /** Its values, by their attributes. */
  values: { attributes: Record<string, string | number>; value: number }[];
}

/** A span, as it was exported. */
export interface ExportedSpan {
  name: string;
  /** 2 for a server's, 3 for a client's. */
  kind: number;
  attributes: Record<string, string | number>;
  /** What went wrong; null if nothing has. */
  failure: string | null;
  /** How long it took, in milliseconds. */
  duration: number;
}

// deno-lint-ignore no-explicit-any
type Untyped = any;

const SCOPE = "@wsd/driver";

/** The values of a sum are totals since the start. */
const CUMULATIVE = 2;
const FAILED = 2;

/** Receives what is exported, and keeps what the scope `@wsd/driver` reports. */
export class OtlpReceiver implements AsyncDisposable {
  /** The metrics by name. */
  readonly metrics: Map<string, ExportedMetric> = new Map();
  /** All spans. */
  readonly spans: ExportedSpan[] = [];
  readonly #services: Untyped;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #changed = Promise.withResolvers<void>();

  private constructor(services: Untyped) {
    this.#services = services;
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => this.#answer(request));
  }

  /** Loads the reader, and listens. */
  static async start(): Promise<OtlpReceiver> {
    // The version that the reader was made for: otherwise Deno takes a later one, and warns. So it must come first.
    await import("npm:@opentelemetry/api@1.9.0");
    const reader: string = "npm:@opentelemetry/otlp-transformer@0.215.0/build/src/generated/root.js";
    const { default: root } = await import(reader);
    return new OtlpReceiver(root.opentelemetry.proto.collector);
  }

  /** Where to export to. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Waits until enough is exported. After half a minute it returns all the same, for the test to say what is missing. */
  async until(isEnough: () => Promise<boolean>): Promise<void> {
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, 30_000);
    const end = late.promise.then(() => true);
    while (!await isEnough()) {
      if (await Promise.race([this.#changed.promise, end])) break;
    }
    clearTimeout(timer);
  }

  async #answer(request: Request): Promise<Response> {
    assertEquals(request.headers.get("content-type"), "application/x-protobuf");
    const body = new Uint8Array(await request.arrayBuffer());
    const { metrics, trace } = this.#services;
    const { pathname } = new URL(request.url);
    if (pathname === "/v1/metrics") this.#takeMetrics(read(metrics.v1.ExportMetricsServiceRequest, body));
    if (pathname === "/v1/traces") this.#takeSpans(read(trace.v1.ExportTraceServiceRequest, body));
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
    // All is taken: the empty message of the response.
    return new Response(new Uint8Array(0), { headers: { "content-type": "application/x-protobuf" } });
  }

  #takeMetrics({ resourceMetrics }: Untyped): void {
    for (const { scope, metrics } of resourceMetrics.flatMap((resource: Untyped) => resource.scopeMetrics)) {
      if (scope.name !== SCOPE) continue;
      for (const { name, unit, description, sum } of metrics) {
        assertEquals(sum.aggregationTemporality, CUMULATIVE);
        const values = sum.dataPoints.map(({ attributes, asInt, asDouble }: Untyped) => (
          { attributes: toRecord(attributes), value: asInt ?? asDouble }
        ));
        this.metrics.set(name, { unit, description, grows: sum.isMonotonic, values });
      }
    }
  }

  #takeSpans({ resourceSpans }: Untyped): void {
    for (const { scope, spans } of resourceSpans.flatMap((resource: Untyped) => resource.scopeSpans)) {
      if (scope.name !== SCOPE) continue;
      for (const { name, kind, attributes, status, startTimeUnixNano, endTimeUnixNano } of spans) {
        this.spans.push({
          name,
          kind,
          attributes: toRecord(attributes),
          failure: status?.code === FAILED ? status.message : null,
          duration: (endTimeUnixNano - startTimeUnixNano) / 1e6,
        });
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

function read(type: Untyped, body: Uint8Array): Untyped {
  return type.toObject(type.decode(body), { longs: Number, defaults: true });
}

function toRecord(attributes: Untyped[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue]),
  );
}
