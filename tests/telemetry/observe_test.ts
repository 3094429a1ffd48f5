// observe() by Deno's own exporter, as it is by default: OTLP over HTTP, in protobuf.
import { assert, assertEquals } from "@std/assert";
import type { ListenerStats } from "@wsd/driver/server";
import { observe } from "@wsd/driver/telemetry";
import type { TopicsStats } from "@wsd/driver/topics";
import { testWith } from "../support/permissions.ts";
import { type ExportedMetric, OtlpReceiver } from "./_otlp_receiver.ts";

const ROOT = new URL("../../", import.meta.url);
const NEEDS = { net: true, run: true, read: true, env: true, sys: true, write: true };

/** The program that is observed. */
class Observed implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #lines: ReadableStreamDefaultReader<string>;

  constructor(endpoint: string) {
    const args = ["run", "-A", "--config", new URL("deno.json", ROOT).pathname];
    const program = new URL("_observed.ts", import.meta.url).pathname;
    const env = {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_METRIC_EXPORT_INTERVAL: "200",
      OTEL_BSP_SCHEDULE_DELAY: "200",
      NO_COLOR: "1",
    };
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [...args, program],
      env,
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** Its own counts, as they are now. */
  async stats(): Promise<{ server: ListenerStats; topics: TopicsStats }> {
    await this.#input.write(new Uint8Array([10]));
    const { value = "" } = await this.#lines.read();
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#lines.cancel();
    assertEquals((await this.#child.status).code, 0);
  }
}

/** The rows of the table of metrics in the docs: name, unit, and what each value is counted by, if it is. */
function documented(): { name: string; unit: string; by: string | null }[] {
  const page = Deno.readTextFileSync(new URL("docs/observing.md", ROOT));
  const rows = page.matchAll(/^\| `(wsd\.[a-z.]+)` +\| `([^`]+)` +\|(.*)\|$/gm);
  return [...rows].map(([, name, unit, text]) => ({ name, unit, by: /, by `([^`]+)`/.exec(text)?.[1] ?? null }));
}

/** What each metric should be, by the program's own counts. */
function expectedValues({ server, topics }: Awaited<ReturnType<Observed["stats"]>>): Record<string, unknown> {
  return {
    "wsd.server.connections": server.connections,
    "wsd.server.connections.pending": server.pending,
    "wsd.server.connections.opened": server.opened,
    "wsd.server.connections.closed": server.closed,
    "wsd.server.handshakes.refused": server.refused,
    "wsd.server.messages.received": server.messagesReceived,
    "wsd.server.messages.sent": server.messagesSent,
    "wsd.server.bytes.received": server.bytesReceived,
    "wsd.server.bytes.sent": server.bytesSent,
    "wsd.server.buffered": server.bufferedAmount,
    "wsd.topics": topics.topics,
    "wsd.topics.subscriptions": topics.subscriptions,
    "wsd.topics.published": topics.published,
    "wsd.topics.relayed": topics.relayed,
    "wsd.topics.dropped": topics.dropped,
    "wsd.topics.received": topics.received,
    "wsd.topics.repeated": topics.repeated,
    "wsd.topics.gaps": topics.gaps,
    "wsd.topics.missed": topics.missed,
    "wsd.topics.waiting": topics.waitingBytes,
    "wsd.topics.up": topics.state === "up" ? 1 : 0,
  };
}

/** The value of a metric, or its values by what they are counted by. */
function valueOf({ values }: ExportedMetric): unknown {
  const entries = values.map(({ attributes: { "server.role": role, ...own }, value }) => {
    assertEquals(role, "test");
    return [Object.values(own)[0], value];
  });
  return entries.length === 1 && entries[0][0] === undefined ? entries[0][1] : Object.fromEntries(entries);
}

const exportedValues = ({ metrics }: OtlpReceiver) =>
  Object.fromEntries([...metrics].map(([name, metric]) => [name, valueOf(metric)]));

const byName = (a: { name: string }, b: { name: string }) => a.name < b.name ? -1 : 1;

const asText = (values: object) => JSON.stringify(Object.entries(values).sort());

testWith(NEEDS, "observe() exports every metric of the docs, with its unit, its kind and its value", async () => {
  await using receiver = await OtlpReceiver.start();
  await using program = new Observed(receiver.url);
  let expected: Record<string, unknown> = {};
  await receiver.until(async () => {
    expected = expectedValues(await program.stats());
    // "up" alone is 0.
    const areMade = Object.values(expected).filter((value) => value === 0).length === 1;
    return areMade && asText(exportedValues(receiver)) === asText(expected);
  });
  assertEquals(exportedValues(receiver), expected);

  const { metrics } = receiver;
  const rows = [...metrics].map(([name, { unit, values }]) => {
    const by = Object.keys(values[0].attributes).find((key) => key !== "server.role") ?? null;
    return { name, unit, by };
  });
  assertEquals(rows.sort(byName), documented().sort(byName));
  const shrinking = ["connections", "pending", "buffered", "topics", "subscriptions", "waiting", "up"];
  for (const [name, { grows, description }] of metrics) {
    assertEquals(grows, !shrinking.includes(name.split(".").at(-1)!), name);
    assert(description.length > 0, name);
  }

  assertEquals(expected["wsd.server.connections"], 2);
  assertEquals(expected["wsd.server.connections.closed"], { "4001": 1 });
  assertEquals(expected["wsd.server.handshakes.refused"], { "400": 1 });
  assertEquals(expected["wsd.topics.received"], 2);
  assertEquals(expected["wsd.topics.missed"], 1);
  assertEquals(expected["wsd.topics.up"], 0);
});

testWith(NEEDS, "observe() exports a span of each handshake: its address, its status and its failure", async () => {
  await using receiver = await OtlpReceiver.start();
  await using _program = new Observed(receiver.url);
  const { spans } = receiver;
  await receiver.until(() => Promise.resolve(spans.length >= 8));
  const lines = spans.map(({ name, kind, attributes, failure }) => {
    assertEquals([name, attributes["server.role"]], ["websocket handshake", "test"]);
    const { protocol, pathname } = new URL(String(attributes["url.full"]));
    const outcome = failure === null ? "ok" : "failed";
    return `${kind} ${protocol}${pathname} ${attributes["http.response.status_code"]} ${outcome}`;
  });
  assertEquals(lines.sort(), [
    "2 http:/ 400 failed",
    "2 http:/leaves 101 ok",
    "2 http:/stays 101 ok",
    "2 http:/stuck 101 ok",
    "3 ws:/forbidden 403 failed",
    "3 ws:/leaves 101 ok",
    "3 ws:/stays 101 ok",
    "3 ws:/stuck 101 ok",
  ]);
  for (const { duration } of spans) assert(duration >= 0 && duration < 60_000, `a handshake of ${duration} ms`);
});

Deno.test("observe() does nothing without OTEL_DENO", () => {
  using _telemetry = observe({});
});
