import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { ProtocolConnection } from "../../src/connection/protocol_connection.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { makeDeflate } from "../deflate/_pair.ts";
import { ROLES } from "../support/endpoint.ts";
import { concat, frameFor } from "../support/frames.ts";
import { Recorder } from "../support/runtime_pair.ts";

const OPTIONS = { maxLength: 1000, maxFragments: 1, extension: null, closeTimeout: 60_000, highWaterMark: 1000 };

/** A transport whose peer does nothing. */
const SILENT: Transport = {
  retainsWrites: false,
  read: () => new Promise(() => {}),
  write: () => Promise.resolve(),
  closeWrite: () => Promise.resolve(),
  close() {},
};

for (const role of ROLES) {
  // Row: lost
  Deno.test(`ProtocolConnection as ${role} ends at once if the peer does, though a write never settles`, async () => {
    const eof = Promise.withResolvers<number | null>();
    const transport: Transport = { ...SILENT, read: () => eof.promise, write: () => new Promise(() => {}) };
    const recorder = new Recorder();
    const connection = new ProtocolConnection(transport, recorder, role, OPTIONS);
    connection.start(new Uint8Array(0));
    connection.sendText("never written", false);
    await Promise.resolve();
    eof.resolve(null);
    assertEquals((await recorder.closed()).code, 1006);
    assertEquals(connection.state, "closed");
  });

  Deno.test(`ProtocolConnection as ${role} has one read pending, also if it is resumed meanwhile`, async () => {
    let reads = 0;
    const read = () => {
      reads++;
      return new Promise<null>(() => {});
    };
    const recorder = new Recorder();
    const connection = new ProtocolConnection({ ...SILENT, read }, recorder, role, OPTIONS);
    connection.start(new Uint8Array(0));
    connection.pause();
    connection.resume();
    assertEquals(reads, 1);
    connection.terminate();
    await recorder.closed();
  });

  Deno.test(`ProtocolConnection as ${role} writes once for a delivery, also if it is resumed within`, async () => {
    let writes = 0;
    const write = () => {
      writes++;
      return Promise.resolve();
    };
    class Replying extends Recorder {
      override onMessage(): void {
        connection.pause();
        connection.resume();
        connection.sendText("reply", false);
      }
    }
    const recorder = new Replying();
    const connection = new ProtocolConnection({ ...SILENT, write }, recorder, role, OPTIONS);
    const message = frameFor(role, 0x81, "message");
    connection.start(concat([message, message]));
    await new Promise<void>((resolve) => connection.whenWritten(resolve));
    assertEquals(writes, 1);
    connection.terminate();
    await recorder.closed();
  });
}

/** A transport whose reads and writes settle when the test decides. */
class ScriptedTransport implements Transport {
  readonly retainsWrites = false;
  #read = Promise.withResolvers<number | null>();
  #buffer: Uint8Array = new Uint8Array(0);
  #write = Promise.withResolvers<void>();

  read(buffer: Uint8Array): Promise<number | null> {
    this.#buffer = buffer;
    this.#read = Promise.withResolvers();
    return this.#read.promise;
  }

  write(): Promise<void> {
    this.#write = Promise.withResolvers();
    return this.#write.promise;
  }

  /** The system tells of bytes that have come. */
  bring(bytes: Uint8Array): Promise<void> {
    this.#buffer.set(bytes);
    this.#read.resolve(bytes.length);
    return turn();
  }

  /** The system tells that it has taken what was written. */
  take(): Promise<void> {
    this.#write.resolve();
    return turn();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#read.resolve(null);
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

for (const role of ROLES) {
  const length = (role === "client" ? 6 : 2) + 5;

  // Deno may tell of an answer before it tells that the question was written: what it has not told is counted.
  Deno.test(`ProtocolConnection.bufferedAmount as ${role} counts what was sent until the write settles, even after its echo`, async () => {
    const transport = new ScriptedTransport();
    const recorder = new Recorder();
    const connection = new ProtocolConnection(transport, recorder, role, OPTIONS);
    connection.start(new Uint8Array(0));
    connection.sendText("Hello", false);
    await turn();
    await transport.bring(frameFor(role, 0x81, "Hello"));
    assertEquals([recorder.events, connection.bufferedAmount], [["text Hello"], length]);
    await transport.take();
    assertEquals(connection.bufferedAmount, 0);
    connection.terminate();
  });
}

Deno.test("ProtocolConnection reports that there is room once a message has shrunk, though nothing is written", async () => {
  const transport: Transport = {
    retainsWrites: false,
    read: () => new Promise(() => {}),
    write: () => new Promise(() => {}),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
  const recorder = new Recorder();
  const drained = Promise.withResolvers<void>();
  recorder.onDrain = drained.resolve;
  const options = { ...OPTIONS, maxLength: 1_000_000, highWaterMark: 100_000, extension: makeDeflate("server") };
  const connection = new ProtocolConnection(transport, recorder, "server", options);
  connection.start(new Uint8Array(0));
  connection.sendText("never written", false);
  connection.sendBinary(new Uint8Array(300_000), true);
  assertGreater(connection.bufferedAmount, 100_000);
  await drained.promise;
  assertLess(connection.bufferedAmount, 1000);
  connection.terminate();
});
