// One suite, run on every kind of transport, and in both directions of each.
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Transport } from "../../src/transport/transport.ts";
import { testWith } from "../support/permissions.ts";
import { type TransportKind, transportKinds, type TransportPair } from "../support/transport_pair.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** More than a system and a transport keep for a reader that doesn't read. */
const UNBOUNDED = 128 * MIB;

/** A sequence of bytes that repeats after 64 KiB, four times. */
const PATTERN = Uint8Array.from({ length: 256 * KIB }, (_, i) => (i * 167 + (i >> 8) * 13) & 0xff);

for (const kind of transportKinds) {
  suite(kind, "client to server", ({ client, server }) => [client, server]);
  suite(kind, "server to client", ({ client, server }) => [server, client]);
}

function suite(kind: TransportKind, direction: string, order: (pair: TransportPair) => [Transport, Transport]): void {
  const test = (name: string, fn: (from: Transport, to: Transport) => Promise<void>) =>
    testWith(kind.permissions, `Transport over ${kind.name}, ${direction}: ${name}`, async () => {
      await using pair = await kind.open();
      await fn(...order(pair));
    });

  test("bytes arrive in order whatever the sizes", async (from, to) => {
    for (const seed of [1, 2, 3]) {
      const random = makeRandom(seed);
      await Promise.all([writePattern(from, 256 * KIB, random), readPattern(to, 256 * KIB, makeRandom(seed + 100))]);
    }
  });

  test("a buffer of one byte gets every byte", async (from, to) => {
    const written = from.write(pattern(0, 2 * KIB));
    const buffer = new Uint8Array(1);
    for (let i = 0; i < 2 * KIB; i++) {
      assertEquals(await to.read(buffer), 1);
      assertEquals(buffer[0], pattern(i, 1)[0]);
    }
    await written;
  });

  test("both ways at once", async (from, to) => {
    await Promise.all([
      writePattern(from, MIB, makeRandom(1)),
      writePattern(to, MIB, makeRandom(2)),
      readPattern(from, MIB, makeRandom(3)),
      readPattern(to, MIB, makeRandom(4)),
    ]);
  });

  test("write() stalls while the peer doesn't read, and resumes when it does", async (from, to) => {
    const flow = { written: 0, goal: UNBOUNDED };
    const writing = (async () => {
      const chunks = [pattern(0, 64 * KIB)];
      chunks.push(chunks[0].slice());
      for (let i = 0; flow.written < flow.goal; i++) {
        await from.write(chunks[i % 2]);
        flow.written += 64 * KIB;
      }
      await from.closeWrite();
    })();
    await stall(flow);
    assert(flow.written < UNBOUNDED, "the writer never had to wait for its reader");

    flow.goal = Math.max(16 * MIB, flow.written + MIB);
    const expected = pattern(0, 64 * KIB);
    const buffer = new Uint8Array(64 * KIB);
    let position = 0;
    for (let length; (length = await to.read(buffer)) !== null; position += length) {
      for (let i = 0; i < length; i++) {
        if (buffer[i] !== expected[(position + i) % expected.length]) throw new Error(`wrong byte ${position + i}`);
      }
    }
    await writing;
    assertEquals(position, flow.written);
  });

  test("closeWrite() makes the peer read null, and the other direction still works", async (from, to) => {
    await Promise.all([from.write(pattern(0, 10)), readPattern(to, 10, makeRandom(1))]);
    await from.closeWrite();
    await from.closeWrite();
    assertEquals(await to.read(new Uint8Array(1)), null);
    assertEquals(await to.read(new Uint8Array(1)), null);
    // Whatever reacts to the end of what the peer sends has reacted by now.
    await turn();
    await Promise.all([to.write(pattern(0, 100 * KIB)), readPattern(from, 100 * KIB, makeRandom(2))]);
    await to.closeWrite();
    assertEquals(await from.read(new Uint8Array(1)), null);
  });

  test("closeWrite() works while a read is pending", async (from, to) => {
    const read = from.read(new Uint8Array(10));
    await from.closeWrite();
    assertEquals(await to.read(new Uint8Array(1)), null);
    await Promise.all([to.write(pattern(0, 10)), read]);
    assertEquals(await read, 10);
  });

  test("write() after closeWrite() rejects, and reading continues", async (from, to) => {
    await from.closeWrite();
    await assertRejects(() => from.write(pattern(0, 10)));
    assertEquals(await to.read(new Uint8Array(1)), null);
    await Promise.all([to.write(pattern(0, 10)), readPattern(from, 10, makeRandom(1))]);
  });

  test("close() ends the peer's read", async (from, to) => {
    const read = to.read(new Uint8Array(1));
    from.close();
    assertEquals(await nullOrRejection(read), null);
    assertEquals(await nullOrRejection(to.read(new Uint8Array(1))), null);
  });

  test("what was written before close() arrives if a read waits for it", async (from, to) => {
    await Promise.all([from.write(pattern(0, 10)), readPattern(to, 10, makeRandom(1))]);
    from.close();
    assertEquals(await nullOrRejection(to.read(new Uint8Array(1))), null);
  });

  test("close() settles a pending read", async (from) => {
    const read = from.read(new Uint8Array(1));
    from.close();
    assertEquals(await nullOrRejection(read), null);
  });

  test("close() rejects a pending write", async (from) => {
    const writing = await writeUntilStalled(from);
    from.close();
    await assertRejects(() => writing.ended);
  });

  test("close() twice, then reads end and writes reject", async (from) => {
    from.close();
    from.close();
    assertEquals(await nullOrRejection(from.read(new Uint8Array(1))), null);
    await assertRejects(() => from.write(pattern(0, 1)));
    await assertRejects(() => from.closeWrite());
    from.close();
  });

  test("close() after the peer's end", async (from, to) => {
    await Promise.all([from.closeWrite(), to.read(new Uint8Array(1))]);
    to.close();
    assertEquals(await nullOrRejection(from.read(new Uint8Array(1))), null);
  });

  test("a peer that leaves with unread bytes fails reads and writes, and nothing else", async (from, to) => {
    const unread = from.write(pattern(0, 10)).catch(() => {});
    const read = nullOrRejection(from.read(new Uint8Array(1)));
    to.close();
    await unread;
    assertEquals(await read, null);
    await assertRejects(async () => {
      for (let i = 0; i < UNBOUNDED / KIB; i++) await from.write(pattern(0, KIB));
    });
    assertEquals(await nullOrRejection(from.read(new Uint8Array(1))), null);
  });

  test("a pending write rejects when the peer leaves", async (from, to) => {
    const writing = await writeUntilStalled(from);
    to.close();
    await assertRejects(() => writing.ended);
  });
}

/** Writes on and on, until a write waits; `ended` settles with the writing. */
async function writeUntilStalled(transport: Transport): Promise<{ ended: Promise<void> }> {
  const flow = { written: 0, goal: UNBOUNDED };
  const ended = (async () => {
    while (flow.written < flow.goal) {
      await transport.write(new Uint8Array(MIB));
      flow.written += MIB;
    }
  })();
  ended.catch(() => {});
  await stall(flow);
  return { ended };
}

/** The outcome of a read: its result, or null if it rejected. */
function nullOrRejection(read: Promise<number | null>): Promise<number | null> {
  return read.catch((error) => {
    assert(error instanceof Error);
    return null;
  });
}

/** The bytes at a position of the endless sequence, up to 192 KiB. */
function pattern(position: number, length: number): Uint8Array<ArrayBuffer> {
  const start = position % (64 * KIB);
  return PATTERN.slice(start, start + length);
}

async function writePattern(transport: Transport, total: number, random: () => number): Promise<void> {
  for (let position = 0; position < total;) {
    const bytes = pattern(position, Math.min(anySize(random), total - position));
    await transport.write(bytes);
    position += bytes.length;
    if (!transport.retainsWrites) bytes.fill(0);
  }
}

async function readPattern(transport: Transport, total: number, random: () => number): Promise<void> {
  for (let position = 0; position < total;) {
    const buffer = new Uint8Array(Math.min(anySize(random), total - position));
    const length = await transport.read(buffer);
    assert(length !== null && length > 0, `ended at ${position} of ${total}`);
    assertEquals(buffer.subarray(0, length), pattern(position, length));
    position += length;
  }
}

/** From 1 byte to 64 KiB, every magnitude as often as any other. */
function anySize(random: () => number): number {
  return Math.floor(2 ** (random() * 16));
}

/** Numbers from 0 to below 1 (xorshift32), the same ones for the same seed. */
function makeRandom(seed: number): () => number {
  let state = seed * 0x9e3779b9 | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}

/**
 * Resolves when a writer got nowhere for many turns of the event loop, or reached its goal. A slow machine that seems
 * to stall makes a test pass that might fail elsewhere, never the other way round.
 */
async function stall(flow: { written: number; goal: number }): Promise<void> {
  for (let quiet = 0, last = -1; quiet < 50 && flow.written < flow.goal; quiet++) {
    if (flow.written !== last) quiet = 0;
    last = flow.written;
    await turn();
  }
}
