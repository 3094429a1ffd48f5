// observe() against a receiver of OTLP over HTTP, by Deno's own exporter.
import { assert, assertEquals } from "@std/assert";
import { observe } from "@wsd/driver/telemetry";
import { testWith } from "../support/permissions.ts";

const ROOT = new URL("../../", import.meta.url);

interface Point {
  asInt?: string | number;
  asDouble?: number;
  attributes: { key: string; value: { stringValue?: string; intValue?: string | number; doubleValue?: number } }[];
}

interface Exported {
  metrics: Map<string, Map<string, number>>;
  spans: { name: string; kind: number; status: string; failed: boolean }[];
}

/** Takes what is exported, and resolves once all that is asked for has come. */
class Receiver implements AsyncDisposable {
  readonly exported: Exported = { metrics: new Map(), spans: [] };
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #changed = Promise.withResolvers<void>();

  constructor() {
    this.#server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (request) => {
      const body = await request.json();
      if (request.url.endsWith("/v1/metrics")) this.#takeMetrics(body);
      if (request.url.endsWith("/v1/traces")) this.#takeSpans(body);
      this.#changed.resolve();
      this.#changed = Promise.withResolvers();
      return Response.json({});
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  // deno-lint-ignore no-explicit-any
  #takeMetrics(body: any): void {
    for (const { scopeMetrics } of body.resourceMetrics) {
      for (const { scope, metrics } of scopeMetrics) {
        if (scope?.name !== "@wsd/driver") continue;
        for (const { name, sum } of metrics) this.exported.metrics.set(name, pointsOf(sum.dataPoints));
      }
    }
  }

  // deno-lint-ignore no-explicit-any
  #takeSpans(body: any): void {
    for (const { scopeSpans } of body.resourceSpans) {
      for (const { scope, spans } of scopeSpans) {
        if (scope?.name !== "@wsd/driver") continue;
        for (const { name, kind, attributes, status } of spans) {
          const value = attributes.find(({ key }: { key: string }) => key === "http.response.status_code")?.value;
          this.exported.spans.push({ name, kind, status: show(value), failed: status?.code === 2 });
        }
      }
    }
  }

  async until(done: (exported: Exported) => boolean): Promise<void> {
    while (!done(this.exported)) await this.#changed.promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.shutdown();
  }
}

/** The points of a sum by what they are of: the value of their second attribute, or "". */
function pointsOf(points: Point[]): Map<string, number> {
  return new Map(points.map(({ asInt, asDouble, attributes }) => {
    assert(attributes.some(({ key, value }) => key === "server.role" && value.stringValue === "test"));
    const other = attributes.find(({ key }) => key !== "server.role");
    return [show(other?.value), Number(asInt ?? asDouble)];
  }));
}

function show(value: Point["attributes"][0]["value"] | undefined): string {
  return String(value?.stringValue ?? value?.intValue ?? value?.doubleValue ?? "");
}

testWith(
  { net: true, run: true, read: true, env: true },
  "observe() exports counts of a server and of topics, and a span for each handshake",
  async () => {
    await using receiver = new Receiver();
    const args = ["run", "-A", "--config", new URL("deno.json", ROOT).pathname];
    const program = new URL("_observed.ts", import.meta.url).pathname;
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      NO_COLOR: "1",
    };
    await using child = new Deno.Command(Deno.execPath(), { args: [...args, program], env, stdin: "piped" }).spawn();
    await receiver.until(({ metrics, spans }) =>
      metrics.get("wsd.topics.published")?.get("") === 1 && spans.length >= 5 &&
      metrics.get("wsd.server.connections.closed") !== undefined
    );
    const { metrics, spans } = receiver.exported;
    assertEquals(metrics.get("wsd.server.connections"), new Map([["", 1]]));
    assertEquals(metrics.get("wsd.server.connections.opened"), new Map([["", 2]]));
    assertEquals(metrics.get("wsd.server.connections.closed"), new Map([["4001", 1]]));
    assertEquals(metrics.get("wsd.server.handshakes.refused"), new Map([["400", 1]]));
    assertEquals(metrics.get("wsd.server.messages.sent"), new Map([["", 1]]));
    assertEquals(metrics.get("wsd.topics.subscriptions"), new Map([["", 1]]));
    assertEquals(metrics.get("wsd.topics.up"), new Map([["", 1]]));
    const server = spans.filter(({ kind }) => kind === 2).map(({ status, failed }) => [status, failed]);
    assertEquals(server.sort(), [["101", false], ["101", false], ["400", true]]);
    assertEquals(spans.filter(({ kind, status }) => kind === 3 && status === "101").length, 2);
    await child.stdin.close();
    assertEquals((await child.status).code, 0);
  },
);

Deno.test("observe() does nothing without OTEL_DENO", () => {
  using _telemetry = observe({});
});
