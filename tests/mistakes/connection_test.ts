// What is done wrong with a connection that is there, and what is said then.
import { assertMatch, assertStringIncludes } from "@std/assert";
import { makePair, type WebSocketPair } from "@wsd/driver";
import { messageOf, type Mistake, type Untyped } from "./_table.ts";

/** The client's end of a pair, which takes anything. */
type Loose = Record<string, Untyped>;

interface OnPair extends Omit<Mistake, "run"> {
  readonly run: (ws: Loose, pair: WebSocketPair) => unknown;
}

const MISTAKES: readonly OnPair[] = [
  { code: "ws.send()", says: /string.*ArrayBuffer.*undefined/, run: (ws) => ws.send() },
  { code: "ws.send(null)", says: /string.*ArrayBuffer.*null/, run: (ws) => ws.send(null) },
  { code: "ws.send({ price: 1 })", says: "sendJson", run: (ws) => ws.send({ price: 1 }) },
  { code: "ws.send([1, 2])", says: /sendJson|Uint8Array/, run: (ws) => ws.send([1, 2]) },
  { code: "ws.send(42)", says: /string.*number/, run: (ws) => ws.send(42) },
  { code: "ws.send(blob)", says: "bytes()", run: (ws) => ws.send(new Blob(["a"])) },
  { code: "ws.send(promise)", says: "await", run: (ws) => ws.send(Promise.resolve("a")) },
  { code: "ws.send(stream)", says: "sendStream", run: (ws) => ws.send(new ReadableStream()) },
  { code: 'ws.send("x", { tpye: "text" })', says: 'did you mean "type"', run: (ws) => ws.send("x", { tpye: "text" }) },
  {
    code: 'ws.sendText("x", { calback })',
    says: 'did you mean "callback"',
    run: (ws) => ws.sendText("x", { calback() {} }),
  },
  {
    code: "ws.sendBinary(bytes, { ende: 1 })",
    says: 'did you mean "end"',
    run: (ws) => ws.sendBinary(new Uint8Array(2), { ende: 1 }),
  },
  {
    code: 'ws.sendJson("x", { compres: false })',
    says: 'did you mean "compress"',
    run: (ws) => ws.sendJson("x", { compres: false }),
  },
  {
    code: "ws.sendStream(chunks, { fragmentsize: 1 })",
    says: 'did you mean "fragmentSize"',
    run: (ws) => ws.sendStream(["x"], { fragmentsize: 1 }),
  },
  { code: 'ws.send("x", { type: "json" })', says: /"text".*"binary"/, run: (ws) => ws.send("x", { type: "json" }) },
  { code: 'ws.send("x", () => {})', says: "callback", run: (ws) => ws.send("x", () => {}) },
  { code: 'ws.send("x", { start: 5 })', says: /start 5/, run: (ws) => ws.send("x", { start: 5 }) },
  { code: "ws.sendJson(undefined)", says: "undefined", run: (ws) => ws.sendJson(undefined) },
  { code: "ws.sendJson(function)", says: /JSON/, run: (ws) => ws.sendJson(() => {}) },
  { code: "ws.sendPing(126 bytes)", says: /125.*126/, run: (ws) => ws.sendPing("x".repeat(126)) },
  { code: "ws.closeConnection(1000)", says: /reason.*number|close\(code/, run: (ws) => ws.closeConnection(1000) },
  {
    code: 'ws.closeConnection(1000, "Bye")',
    says: /reason.*number|close\(code/,
    run: (ws) => ws.closeConnection(1000, "Bye"),
  },
  { code: 'ws.close("Bye")', says: /code.*string|code.*"Bye"/, run: (ws) => ws.close("Bye") },
  { code: "ws.close(1006)", says: /1006/, run: (ws) => ws.close(1006) },
  { code: "ws.close(999)", says: /3000.*4999/, run: (ws) => ws.close(999) },
  { code: "ws.close(1000, 124 bytes)", says: /123.*124/, run: (ws) => ws.close(1000, "x".repeat(124)) },
  {
    code: "ws.readable with a listener of messages",
    says: /listener/,
    run: (ws) => {
      ws.on("message", () => {});
      return ws.readable;
    },
  },
  {
    code: "ws.readable and ws.messages",
    says: /readable/,
    run: (ws) => {
      void ws.readable;
      return ws.messages;
    },
  },
  {
    code: 'ws.on("message") behind ws.readable',
    says: /stream|readable/,
    run: (ws) => {
      void ws.readable;
      ws.on("message", () => {});
    },
  },
  {
    code: "ws.receive() with a listener of messages",
    says: /listener/,
    run: (ws) => {
      ws.on("message", () => {});
      return ws.receive();
    },
  },
  {
    code: "ws.pause() while a stream reads",
    says: /unread|stream/,
    run: (ws) => {
      void ws.readable;
      ws.pause();
    },
  },
  { code: "await ws.sendStream(42)", says: /ReadableStream|iterate/, run: (ws) => ws.sendStream(42) },
  { code: "await ws.sendStream([{}])", says: /string.*ArrayBuffer/, run: (ws) => ws.sendStream([{}]) },
  {
    code: "await ws.sendStream([], { fragmentSize: 0 })",
    says: /fragmentSize.*from 1/,
    run: (ws) => ws.sendStream(["a"], { fragmentSize: 0 }),
  },
  { code: "ws.on(listener)", says: /listener/, run: (ws) => ws.on(() => {}) },
  { code: 'ws.on("message")', says: /listener/, run: (ws) => ws.on("message") },
  {
    code: "await ws.receive(abortedSignal)",
    says: "Enough",
    run: (ws) => ws.receive(AbortSignal.abort(new Error("Enough"))),
  },
];

for (const { code, says, run } of MISTAKES) {
  Deno.test(`${code} says what to do`, async () => {
    const pair = await makePair();
    try {
      const message = await messageOf(() => run(pair.client as unknown as Loose, pair));
      if (typeof says === "string") assertStringIncludes(message, says);
      else assertMatch(message, says);
    } finally {
      pair.client.terminate();
      pair.server.terminate();
    }
  });
}
