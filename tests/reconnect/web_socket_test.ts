// The web's face: the standard's members and events, over one connection after the other.
import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  ReconnectingWebSocket,
  type ReconnectingWebSocketOptions,
  WebSocket,
  type WebSocketError,
} from "../../client.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { cut, open, openAndClose, openAndCut, refuse, scriptedServer, type Step } from "./_script.ts";

const QUICK = { minDelay: 1, maxDelay: 10, handshakeTimeout: LONG };

/** Writes down the events of a socket, with the state that it is in meanwhile. */
class SocketLog {
  readonly events: string[] = [];
  #waiting: (() => void)[] = [];

  constructor(ws: ReconnectingWebSocket) {
    for (const type of ["open", "message", "error", "close"]) {
      ws.addEventListener(type, (event) => {
        const { code = "", wasClean = "", data = "" } = event as CloseEvent & MessageEvent;
        this.events.push(`${type} ${code}${data} ${wasClean} ${ws.readyState}`.replaceAll(/ +/g, " "));
        this.#waiting.splice(0).forEach((resolve) => resolve());
      });
    }
  }

  async until(event: string, times = 1): Promise<void> {
    while (this.events.filter((line) => line.startsWith(event)).length < times) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}

function start(url: string, options: ReconnectingWebSocketOptions = {}) {
  const ws = new ReconnectingWebSocket(url, [], { ...QUICK, ...options });
  return { ws, log: new SocketLog(ws) };
}

/** Opens, sends a message, and does one thing more. */
function greet(then: Step): Step {
  return async (peer) => {
    await peer.accept(peer.frameOf(0x81, "hello"));
    await then(peer);
  };
}

netTest("ReconnectingWebSocket has an open and a close for each connection, and none for an attempt", async () => {
  const close1011: Step = async (peer) => {
    await peer.close(1011);
    await peer.frame();
    peer.leave();
  };
  const leave: Step = (peer) => Promise.resolve(peer.leave());
  await using server = scriptedServer(cut(), greet(close1011), refuse(500), greet(leave), open);
  const { ws, log } = start(server.url);
  assertEquals([ws.readyState, ws.url, ws.protocol], [WebSocket.CONNECTING, server.url, ""]);
  await log.until("open", 3);
  assertEquals(
    log.events,
    [
      "open 1",
      "message hello 1",
      "close 1011 true 3",
      "open 1",
      "message hello 1",
      "error 1",
      "close 1006 false 3",
      "open 1",
    ].map((line) => line.replace("error 1", log.events[5])),
  );
  assert(log.events[5].startsWith("error"));
  ws.close(1000);
  assertEquals(ws.readyState, WebSocket.CLOSING);
  await log.until("close", 3);
  assertEquals([log.events.at(-1), ws.readyState], ["close 1000 true 3", WebSocket.CLOSED]);
});

netTest("send() throws while there is no connection, and sends once there is one", async () => {
  const received: string[] = [];
  const echo: Step = async (peer) => {
    await peer.accept();
    received.push(await peer.frame(), await peer.frame());
    peer.leave();
  };
  await using server = scriptedServer(echo, open);
  const { ws, log } = start(server.url);
  assertThrows(() => ws.send("early"), DOMException, "no connection");
  await log.until("open");
  ws.send(new Blob(["one"]));
  ws.send("two");
  await log.until("close");
  assertEquals(received, ["binary 6f6e65", "text two"]);
  assertThrows(() => ws.send("away"), DOMException, "no connection");
  ws.close();
  await log.until("close", 2);
});

netTest("binaryType holds for every connection", async () => {
  const send: Step = async (peer) => {
    await peer.accept();
    await peer.send(0x82, "Hi");
    await peer.close(1001);
    await peer.frame();
    peer.leave();
  };
  const late: Step = async (peer) => {
    // While the first connection is being opened.
    ws.binaryType = "arraybuffer";
    await send(peer);
  };
  await using server = scriptedServer(late, send, open);
  const { ws, log } = start(server.url);
  const types: unknown[] = [];
  ws.onmessage = ({ data }) => types.push(data.constructor);
  await log.until("open", 3);
  assertEquals(types, [ArrayBuffer, ArrayBuffer]);
  ws.close();
  await log.until("close", 3);
});

netTest("a final failure is one error and one close", async () => {
  await using server = scriptedServer(refuse(503, "Retry-After: 0"), refuse(404));
  const { ws, log } = start(server.url);
  const error = new Promise<ErrorEvent>((resolve) => ws.onerror = (event) => resolve(event as ErrorEvent));
  assert((await error).message.includes("404"));
  await log.until("close");
  assertEquals(log.events, ["error 3", "close 1006 false 3"]);
  assertEquals([ws.readyState, server.peers.length], [WebSocket.CLOSED, 2]);
});

netTest("a close with 1000 from the server is final", async () => {
  await using server = scriptedServer(openAndClose(1000), open);
  const { ws, log } = start(server.url);
  await log.until("close");
  assertEquals([log.events, ws.readyState], [["open 1", "close 1000 true 3"], WebSocket.CLOSED]);
});

netTest("close() ends it from within a close event", async () => {
  await using server = scriptedServer(openAndCut, open);
  const { ws, log } = start(server.url);
  ws.addEventListener("close", () => ws.close());
  await log.until("close");
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
  assertEquals([ws.readyState, ws.reconnectNow(), server.peers.length], [WebSocket.CLOSED, false, 1]);
});

netTest("close() gives up opening, with an error and a close in another task", async () => {
  await using server = scriptedServer(async (peer) => {
    await peer.head();
    await peer.rest();
    peer.leave();
  });
  const { ws, log } = start(server.url);
  while (server.peers.length === 0) await new Promise((resolve) => setTimeout(resolve));
  ws.close();
  assertEquals([log.events, ws.readyState], [[], WebSocket.CLOSING]);
  await log.until("close");
  assertEquals(log.events, ["error 3", "close 1006 false 3"]);
});

Deno.test("close() gives up waiting, with an error and a close in another task", async () => {
  const failing = () => {
    throw new Error("no");
  };
  const ws = new ReconnectingWebSocket(failing, [], { minDelay: LONG, maxDelay: LONG });
  const log = new SocketLog(ws);
  // By then it waits.
  await new Promise((resolve) => setTimeout(resolve));
  ws.close();
  for (let tick = 0; tick < 50; tick++) await Promise.resolve();
  assertEquals([log.events, ws.readyState], [[], WebSocket.CLOSING]);
  await log.until("close");
  assertEquals(log.events, ["error 3", "close 1006 false 3"]);
});

netTest("close() throws for a code or a reason that may not be sent, and keeps going", async () => {
  await using server = scriptedServer(open);
  const { ws, log } = start(server.url);
  await log.until("open");
  assertThrows(() => ws.close(1001), DOMException, "1001");
  assertThrows(() => ws.close(1000, "x".repeat(124)), DOMException, "123");
  assertEquals(ws.readyState, WebSocket.OPEN);
  ws.close(4000, "Bye");
  await log.until("close");
});

netTest("reopen: false tries the opening again, and nothing else", async () => {
  await using server = scriptedServer(cut(), refuse(500), openAndCut, open);
  const { ws, log } = start(server.url, { reopen: false });
  await log.until("close");
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(log.events.map((event) => event.split(" ")[0]), ["open", "error", "close"]);
  assertEquals([ws.readyState, server.peers.length], [WebSocket.CLOSED, 3]);
});

netTest("signal ends the client for good", async () => {
  await using server = scriptedServer(open);
  const stopping = new AbortController();
  const { ws, log } = start(server.url, { signal: stopping.signal });
  await log.until("open");
  stopping.abort();
  await log.until("close");
  assertEquals(ws.readyState, WebSocket.CLOSED);
});

netTest("a function can give the URL of each attempt", async () => {
  await using first = scriptedServer(openAndCut);
  await using second = scriptedServer(open);
  const urls = [first.url, second.url];
  const ws = new ReconnectingWebSocket(() => urls.shift()!, [], QUICK);
  const log = new SocketLog(ws);
  assertEquals(ws.url, "");
  await log.until("open", 2);
  assertEquals(ws.url, second.url);
  ws.close();
  await log.until("close", 2);
});

netTest("a listener that throws closes the connection with 1011, and another one is opened", async () => {
  const frames: string[] = [];
  const greetAndRead = greet(async (peer) => {
    frames.push(await peer.frame());
    await peer.close(1011);
    peer.leave();
  });
  await using server = scriptedServer(greetAndRead, open);
  const { ws, log } = start(server.url);
  const reported = new Promise<ErrorEvent>((resolve) => {
    globalThis.addEventListener("error", (event) => {
      event.preventDefault();
      resolve(event);
    }, { once: true });
  });
  const failed = new Promise<unknown>((resolve) => ws.onerror = (event) => resolve((event as ErrorEvent).error));
  ws.onmessage = () => {
    throw new Error("mine");
  };
  const { error } = await reported;
  assertEquals(error.message, "mine");
  const failure = await failed as WebSocketError;
  assertEquals([failure.code, failure.cause], ["WS_LISTENER_FAILED", error]);
  await log.until("open", 2);
  assertEquals(frames, ["close 1011 internal error"]);
  ws.close();
  await log.until("close", 2);
});

// Web IDL: constants, enumerable members, required arguments, what `toString` says.
Deno.test("ReconnectingWebSocket has the shape of the web's WebSocket", () => {
  const ours = ReconnectingWebSocket.prototype;
  for (const name of Object.keys(WebSocket.prototype)) assert(name in ours, name);
  for (const name of ["CONNECTING", "OPEN", "CLOSING", "CLOSED"] as const) {
    assertEquals([ReconnectingWebSocket[name], ours[name]], [WebSocket[name], WebSocket[name]]);
  }
  assertEquals(ReconnectingWebSocket.length, 1);
  assertEquals(Object.prototype.toString.call(ours), "[object ReconnectingWebSocket]");
  assertThrows(() => Reflect.construct(ReconnectingWebSocket, []), TypeError, "1 argument");
  assertThrows(() => new ReconnectingWebSocket("ftp://localhost/"), DOMException, "ftp:");
  assertThrows(() => new ReconnectingWebSocket("ws://localhost/", ["a", "a"]), DOMException);
  assertThrows(() => new ReconnectingWebSocket("ws://localhost/", [], { maxDelay: 0 }), RangeError, "maxDelay");
  assertThrows(
    () => new ReconnectingWebSocket("ws://localhost/", [], { reopened: false } as never),
    TypeError,
    "reopen",
  );
});
