/**
 * OpenTelemetry: reports the counts of a server and of topics as metrics, and each opening handshake as a span.
 *
 * ```sh
 * OTEL_DENO=true OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318 deno run --allow-net server.ts
 * ```
 *
 * @example An observed server
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 * import { observe } from "@wsd/driver/telemetry";
 *
 * // Port 0 chooses a free one; use your own.
 * await using server = serve({ port: 0 }, (request) => makeServer(request).accept());
 * using _telemetry = observe({ server });
 * ```
 *
 * Without `OTEL_DENO=true`, {@linkcode observe} does nothing. There is no dependency: Deno's own exporter sends them.
 *
 * @module
 */
export type { HandshakeEvent } from "./src/connection/diagnostics.ts";
export { observe, type Observed, type ObserveOptions } from "./src/telemetry/observe.ts";
export type { ListenerStats } from "./src/server/listener_stats.ts";
export type { TopicsStats } from "./src/topics/topics_events.ts";
