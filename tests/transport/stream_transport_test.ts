import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import { netTest } from "../support/permissions.ts";
import { openTcpConns } from "../support/transport_pair.ts";

const NEVER = new Promise<never>(() => {});

/** A transport that reads the given chunks, and writes to a sink. */
function transportOf(chunks: Iterable<unknown>, sink: UnderlyingSink<Uint8Array> = {}): StreamTransport {
  const readable = ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
  return new StreamTransport({ readable, writable: new WritableStream(sink) });
}

/** One turn of the event loop, in which rejections that nobody handles are found. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/** Reads to the end with a buffer of a given size; returns what each read gave. */
async function readAll(transport: StreamTransport, size: number): Promise<number[][]> {
  const reads: number[][] = [];
  const buffer = new Uint8Array(size);
  for (let length; (length = await transport.read(buffer)) !== null;) reads.push([...buffer.subarray(0, length)]);
  return reads;
}

Deno.test("StreamTransport.read() returns a chunk longer than the buffer over several reads", async () => {
  const reads = await readAll(transportOf([Uint8Array.of(1, 2, 3, 4, 5), Uint8Array.of(6)]), 2);
  assertEquals(reads, [[1, 2], [3, 4], [5], [6]]);
});

Deno.test("StreamTransport.read() skips empty chunks", async () => {
  const reads = await readAll(transportOf([new Uint8Array(), Uint8Array.of(1), new Uint8Array(), new Uint8Array()]), 2);
  assertEquals(reads, [[1]]);
});

Deno.test("StreamTransport.read() respects the bounds of a view", async () => {
  const view = Uint8Array.of(1, 2, 3, 4).subarray(1, 3);
  assertEquals(await readAll(transportOf([view]), 8), [[2, 3]]);
});

for (
  const [chunk, description] of [
    ["text", "string"],
    [null, "null"],
    [undefined, "undefined"],
    [new ArrayBuffer(1), "ArrayBuffer"],
    [new DataView(new ArrayBuffer(1)), "DataView"],
    [Object.create(null), "an object"],
  ] as const
) {
  Deno.test(`StreamTransport.read() rejects a chunk that is not a Uint8Array: ${description}`, async () => {
    const message = `Cannot read from the readable: expected chunks of type Uint8Array, received ${description}`;
    await assertRejects(() => transportOf([chunk]).read(new Uint8Array(1)), TypeError, message);
  });
}

Deno.test("StreamTransport.read() rejects with the error of the readable", async () => {
  const readable = new ReadableStream<Uint8Array>({ start: (controller) => controller.error(new RangeError("torn")) });
  const transport = new StreamTransport({ readable, writable: new WritableStream() });
  await assertRejects(() => transport.read(new Uint8Array(1)), RangeError, "torn");
  transport.close();
});

Deno.test("StreamTransport.write() resolves when the sink has taken the chunk", async () => {
  const taken = Promise.withResolvers<void>();
  const transport = transportOf([], { write: () => taken.promise });
  let resolved = false;
  const write = transport.write(Uint8Array.of(1)).then(() => resolved = true);
  await turn();
  assertEquals(resolved, false);
  taken.resolve();
  await write;
});

Deno.test("StreamTransport.write() rejects with the error of the sink", async () => {
  const transport = transportOf([], { write: () => Promise.reject(new RangeError("full")) });
  await assertRejects(() => transport.write(Uint8Array.of(1)), RangeError, "full");
  await assertRejects(() => transport.closeWrite());
  transport.close();
});

Deno.test("StreamTransport.write() passes no empty chunk to the sink", async () => {
  const chunks: Uint8Array[] = [];
  const transport = transportOf([], { write: (chunk) => void chunks.push(chunk) });
  await transport.write(new Uint8Array());
  await transport.write(Uint8Array.of(1));
  assertEquals(chunks, [Uint8Array.of(1)]);
});

Deno.test("StreamTransport.close() rejects a write that the sink never takes", async () => {
  const transport = transportOf([], { write: () => NEVER });
  const write = assertRejects(() => transport.write(Uint8Array.of(1)), DOMException, "The transport was closed");
  await turn();
  transport.close();
  await write;
});

Deno.test("StreamTransport.close() rejects a closeWrite() that the sink never finishes", async () => {
  const transport = transportOf([], { close: () => NEVER });
  const ending = assertRejects(() => transport.closeWrite(), DOMException, "The transport was closed");
  await turn();
  transport.close();
  await ending;
});

Deno.test("StreamTransport.close() cancels and aborts with an AbortError", async () => {
  const cancelled = Promise.withResolvers<unknown>();
  const aborted = Promise.withResolvers<unknown>();
  const readable = new ReadableStream<Uint8Array>({ cancel: cancelled.resolve });
  const transport = new StreamTransport({ readable, writable: new WritableStream({ abort: aborted.resolve }) });
  transport.close();
  for (const reason of [await cancelled.promise, await aborted.promise]) {
    assertEquals((reason as DOMException).name, "AbortError");
  }
});

Deno.test("StreamTransport.close() discards the rest of a chunk", async () => {
  const transport = transportOf([Uint8Array.of(1, 2, 3)]);
  await transport.read(new Uint8Array(1));
  transport.close();
  assertEquals(await transport.read(new Uint8Array(1)), null);
});

Deno.test("StreamTransport.close() leaves no rejection unhandled if streams fail to cancel and abort", async () => {
  const fail = () => Promise.reject(new Error("stuck"));
  const readable = new ReadableStream<Uint8Array>({ cancel: fail });
  const transport = new StreamTransport({ readable, writable: new WritableStream({ abort: fail }) });
  transport.close();
  await turn();
});

Deno.test("StreamTransport leaves no rejection unhandled if both streams fail on their own", async () => {
  const fail = (controller: { error(reason: unknown): void }) => controller.error(new Error("torn"));
  const readable = new ReadableStream<Uint8Array>({ start: fail });
  const transport = new StreamTransport({ readable, writable: new WritableStream({ start: fail }) });
  await turn();
  transport.close();
  await turn();
});

Deno.test("StreamTransport throws for a locked stream, and leaves the other unlocked", () => {
  const message = "Cannot create a StreamTransport: expected unlocked streams, received a locked ";
  const readable = new ReadableStream<Uint8Array>();
  const writable = new WritableStream<Uint8Array>();
  const writer = writable.getWriter();
  assertThrows(() => new StreamTransport({ readable, writable }), TypeError, `${message}writable`);
  assertEquals(readable.locked, false);
  writer.releaseLock();
  readable.getReader();
  assertThrows(() => new StreamTransport({ readable, writable }), TypeError, `${message}readable`);
  assertEquals(writable.locked, false);
});

netTest("StreamTransport.close() over a connection's byte streams, with a read and a write pending", async () => {
  const [client, server] = await openTcpConns();
  const transport = new StreamTransport(client);
  const peer = new StreamTransport(server);
  const [, length] = await Promise.all([transport.write(Uint8Array.of(1, 2, 3)), peer.read(new Uint8Array(8))]);
  assertEquals(length, 3);
  const read = transport.read(new Uint8Array(1)).catch(() => null);
  const write = transport.write(new Uint8Array(64 * 1024 * 1024));
  transport.close();
  assertEquals(await read, null);
  await assertRejects(() => write);
  peer.close();
});
