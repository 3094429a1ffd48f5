import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { Duplex, duplexPair } from "node:stream";
import { makeServer } from "@wsd/driver";
import { NodeSocketTransport } from "../../src/transport/node_socket_transport.ts";
import { netTest } from "../support/permissions.ts";
import { closeServer, transportKinds, upgrade } from "../support/transport_pair.ts";

const decoder = new TextDecoder();

/** A socket without a network: the test pushes what it reads, and takes what it writes. */
class FakeSocket extends Duplex {
  calls: string[] = [];
  written: Uint8Array[] = [];
  /** Whether a write calls back. */
  stuck = false;
  /** What a write fails with. */
  failure: Error | null = null;

  override _read(): void {}

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    this.written.push(chunk);
    if (!this.stuck) done(this.failure);
  }

  setNoDelay(noDelay: boolean): void {
    this.calls.push(`setNoDelay(${noDelay})`);
  }

  setTimeout(milliseconds: number): void {
    this.calls.push(`setTimeout(${milliseconds})`);
  }
}

/** One turn of the event loop, in which streams emit what they have to. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

async function readText(transport: NodeSocketTransport, size: number): Promise<string | null> {
  const buffer = new Uint8Array(size);
  const length = await transport.read(buffer);
  return length === null ? null : decoder.decode(buffer.subarray(0, length));
}

Deno.test("NodeSocketTransport turns Nagle's algorithm and the idle timeout off, and half-closing on", () => {
  const socket = new FakeSocket({ allowHalfOpen: false });
  const transport = new NodeSocketTransport(socket);
  assertEquals(socket.calls.sort(), ["setNoDelay(true)", "setTimeout(0)"]);
  assertEquals(socket.allowHalfOpen, true);
  transport.close();
});

Deno.test("NodeSocketTransport over a Duplex other than a socket says that it may keep what is written", () => {
  for (const socket of [new FakeSocket(), ...duplexPair()]) {
    const transport = new NodeSocketTransport(socket);
    assert(transport.retainsWrites);
    transport.close();
  }
});

netTest("NodeSocketTransport over a system socket keeps nothing that is written", async () => {
  for (const kind of transportKinds.filter(({ name }) => name === "node:http" || name === "node:https")) {
    await using pair = await kind.open();
    assertInstanceOf(pair.server, NodeSocketTransport);
    assertFalse(pair.server.retainsWrites, kind.name);
  }
});

// Row: kept-writes
Deno.test("makeServer() over a Duplex that passes writes on sends each message with its own bytes", async () => {
  const [near, far] = duplexPair();
  const url = "http://localhost/";
  const headers = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
    "Host": "localhost",
  };
  const ws = makeServer({ request: new Request(url, { headers }), socket: near, head: new Uint8Array() });
  ws.startConnection();
  // Nobody reads meanwhile, though each write is done before the next.
  for (const name of ["a", "b", "c"]) {
    await new Promise<void>((resolve) => ws.send(name.repeat(5), { callback: resolve }));
  }
  let received = "";
  for (let chunk = far.read(); chunk !== null; chunk = far.read()) received += decoder.decode(chunk);
  ws.terminate();
  assertStringIncludes(received, "aaaaa\x81\x05bbbbb".replace("\x81", "\ufffd") + "\ufffd\x05ccccc");
});

Deno.test("NodeSocketTransport.read() returns the head first, however small the buffer", async () => {
  const socket = new FakeSocket();
  const transport = new NodeSocketTransport(socket, new TextEncoder().encode("head"));
  socket.push("body");
  assertEquals(await readText(transport, 3), "hea");
  assertEquals(await readText(transport, 3), "d");
  assertEquals(await readText(transport, 3), "bod");
  assertEquals(await readText(transport, 3), "y");
  socket.push(null);
  assertEquals(await readText(transport, 3), null);
  transport.close();
});

Deno.test("NodeSocketTransport pauses the socket unless a read waits", async () => {
  const socket = new FakeSocket();
  const transport = new NodeSocketTransport(socket);
  assert(socket.isPaused());
  const read = readText(transport, 2);
  await turn();
  assert(!socket.isPaused());
  socket.push("abcd");
  assertEquals(await read, "ab");
  assert(socket.isPaused());
  socket.push("ef");
  await turn();
  assertEquals(socket.readableLength, 2);
  assertEquals([await readText(transport, 2), await readText(transport, 2)], ["cd", "ef"]);
  socket.push("gh");
  await turn();
  assert(socket.isPaused());
  assertEquals(await readText(transport, 2), "gh");
  transport.close();
});

Deno.test("NodeSocketTransport.close() destroys the socket and drops what was not read", async () => {
  const socket = new FakeSocket();
  const transport = new NodeSocketTransport(socket, Uint8Array.of(1));
  transport.close();
  assertEquals(socket.destroyed, true);
  assertEquals(await readText(transport, 1), null);
});

Deno.test("NodeSocketTransport.close() settles a pending read and a pending write, whatever the socket emits", async () => {
  const socket = new FakeSocket({ emitClose: false });
  socket.stuck = true;
  const transport = new NodeSocketTransport(socket);
  const read = transport.read(new Uint8Array(1));
  const write = assertRejects(() => transport.write(Uint8Array.of(1)), Error, "Cannot write to the socket");
  transport.close();
  assertEquals(await read, null);
  await write;
});

Deno.test("NodeSocketTransport.read() rejects with the socket's error, pending or later", async () => {
  const socket = new FakeSocket();
  const transport = new NodeSocketTransport(socket);
  const pending = transport.read(new Uint8Array(1)).catch((error) => error);
  const error = new Error("read ECONNRESET");
  socket.destroy(error);
  assertStrictEquals(await pending, error);
  assertStrictEquals(await transport.read(new Uint8Array(1)).catch((error) => error), error);
  assertStrictEquals(await transport.write(new Uint8Array(1)).catch((error) => error), error);
  assertStrictEquals(await transport.closeWrite().catch((error) => error), error);
});

Deno.test("NodeSocketTransport.read() and write() settle when somebody else destroys the socket", async () => {
  const socket = new FakeSocket();
  socket.stuck = true;
  const transport = new NodeSocketTransport(socket);
  const read = transport.read(new Uint8Array(1));
  const write = assertRejects(() => transport.write(Uint8Array.of(1)), Error, "Cannot write to the socket");
  socket.destroy();
  assertEquals(await read, null);
  await write;
});

Deno.test("NodeSocketTransport.write() rejects with the error of the write", async () => {
  const socket = new FakeSocket();
  socket.failure = new Error("write EPIPE");
  const transport = new NodeSocketTransport(socket);
  assertStrictEquals(await transport.write(Uint8Array.of(1)).catch((error) => error), socket.failure);
});

Deno.test("NodeSocketTransport handles an error after close()", async () => {
  const socket = new FakeSocket();
  new NodeSocketTransport(socket).close();
  await turn();
  socket.emit("error", new Error("late"));
});

Deno.test("NodeSocketTransport.write() after closeWrite() rejects and leaves the socket alone", async () => {
  const socket = new FakeSocket();
  const transport = new NodeSocketTransport(socket);
  await transport.closeWrite();
  await assertRejects(() => transport.write(Uint8Array.of(1)), Error, "its writing side has ended");
  assertEquals([socket.destroyed, socket.written.length], [false, 0]);
  transport.close();
});

Deno.test("NodeSocketTransport accepts a socket that is already destroyed", async () => {
  const destroyed = new FakeSocket().destroy();
  await turn();
  assertEquals(await readText(new NodeSocketTransport(destroyed), 1), null);

  const ended = new FakeSocket();
  ended.push(null);
  ended.resume();
  await once(ended, "end");
  const transport = new NodeSocketTransport(ended);
  assertEquals(await readText(transport, 1), null);
  await transport.write(Uint8Array.of(1));
  transport.close();

  const failed = new FakeSocket();
  failed.on("error", () => {});
  failed.destroy(new RangeError("gone"));
  await turn();
  await assertRejects(() => new NodeSocketTransport(failed).read(new Uint8Array(1)), RangeError, "gone");
});

netTest("NodeSocketTransport.read() returns the bytes after a request, then those of the socket", async () => {
  const server = createServer();
  const dial = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });
  const { conn, socket, head } = await upgrade(server, dial, "head");
  const transport = new NodeSocketTransport(socket, head);
  assertEquals(await readText(transport, 8), "head");
  await conn.write(new TextEncoder().encode("body"));
  assertEquals(await readText(transport, 8), "body");
  transport.close();
  conn.close();
  await closeServer(server);
});

netTest("NodeSocketTransport.read() rejects with ECONNRESET after a reset", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const upgraded = once(server, "upgrade");
  const peer = connect((server.address() as { port: number }).port, "127.0.0.1");
  peer.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  const [, socket] = await upgraded;
  const transport = new NodeSocketTransport(socket);
  const read = assertRejects(() => transport.read(new Uint8Array(1)), Error, "ECONNRESET");
  peer.resetAndDestroy();
  await read;
  await assertRejects(() => transport.write(new Uint8Array(1)));
  transport.close();
  await closeServer(server);
});
