import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Role } from "../../protocol.ts";
import type { InternalProtocolOptions } from "../../src/protocol/protocol_options.ts";
import { Endpoint, FEEDS, ROLES } from "../support/endpoint.ts";
import { concat, cut, frameFor, pattern } from "../support/frames.ts";

const KIB = 1024;
const LENGTHS = [65_535, 65_536, 65_537, 64 * KIB + 64, 64 * KIB + 65, 128 * KIB, 1024 * KIB, 5 * 1024 * KIB] as const;
// Odd ones shift the phase of the mask from piece to piece; some are longer than any read buffer.
const PIECES = [61, 1021, 4096, 4099, 65_537, 1_000_003] as const;

/** A binary message of a length, then a text message of as many ASCII characters, and a short one. */
function conversation(role: Role, length: number): [Uint8Array, (string | Uint8Array)[]] {
  const bytes = pattern(length);
  const text = "The quick brown fox. ".repeat(Math.ceil(length / 21)).slice(0, length);
  const frames = [frameFor(role, 0x82, bytes), frameFor(role, 0x81, text), frameFor(role, 0x81, "OK")];
  return [concat(frames), [bytes, text, "OK"]];
}

function assertSame(actual: (string | Uint8Array)[], expected: (string | Uint8Array)[], where: string): void {
  assertEquals(actual.length, expected.length, where);
  for (const [index, message] of actual.entries()) {
    const same = typeof message === "string" ? message === expected[index] : equalBytes(message, expected[index]);
    assertEquals(same, true, `${where}: message ${index}`);
  }
}

function equalBytes(a: Uint8Array, b: string | Uint8Array): boolean {
  if (typeof b === "string" || a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

for (const role of ROLES) {
  for (const length of LENGTHS) {
    Deno.test(`receive() as ${role} reads ${length} bytes in any pieces`, () => {
      const [bytes, messages] = conversation(role, length);
      for (const piece of [...PIECES, bytes.length]) {
        if (bytes.length / piece > 10_000) continue;
        for (const feed of FEEDS) {
          const endpoint = new Endpoint(role);
          endpoint.feed(cut(bytes, piece), feed);
          assertSame(endpoint.messages, messages, `${feed}, pieces of ${piece}`);
        }
      }
    });
  }

  Deno.test(`readBuffer() as ${role} needs one read per message for a stream of 64 KiB messages, however it began`, () => {
    for (const [first, count] of [[0x82, 1], [0x81, 1], [0x82, 838], [0x81, 838], [0x82, 8000]]) {
      const frame = frameFor(role, first, new Uint8Array(64 * KIB).fill(0x61));
      const bytes = concat(Array(100).fill(frame));
      const endpoint = new Endpoint(role);
      let reads = 0;
      // The first read brings little, and the peer has two messages under way.
      for (let at = 0; at < bytes.length; reads++) {
        const buffer = endpoint.protocol.readBuffer();
        const arrived = reads === 0 ? count : (endpoint.messages.length + 2) * frame.length;
        const part = bytes.subarray(at, Math.min(arrived, at + buffer.length));
        buffer.set(part);
        endpoint.protocol.received(part.length);
        at += part.length;
      }
      assertEquals(endpoint.messages.length, 100);
      assertLessOrEqual(reads, 110, `${count} bytes of a ${first === 0x82 ? "binary" : "text"} message at first`);
    }
  });

  // Row: single-bytes
  Deno.test(`receive() as ${role} reads 64 KiB byte by byte`, () => {
    const [bytes, messages] = conversation(role, 65_536);
    const endpoint = new Endpoint(role);
    endpoint.feed(cut(bytes, 1), "readBuffer");
    assertSame(endpoint.messages, messages, "byte by byte");
  });

  Deno.test(`receive() as ${role} splits a frame of 64 KiB anywhere in its header and around its ends`, () => {
    const [bytes, messages] = conversation(role, 65_536);
    const offsets = Array.from({ length: 40 }, (_, index) => [index + 1, 65_530 + index, 4080 + index]).flat();
    for (const at of offsets) {
      const endpoint = new Endpoint(role);
      endpoint.feed([bytes.subarray(0, at), bytes.subarray(at)], "readBuffer");
      assertSame(endpoint.messages, messages, `split at ${at}`);
    }
  });

  Deno.test(`receive() as ${role} reads large fragments with control frames between them`, () => {
    const bytes = pattern(300_000);
    const endpoint = new Endpoint(role);
    const frames = concat([
      frameFor(role, 0x02, bytes.subarray(0, 100_001)),
      frameFor(role, 0x89, "a"),
      frameFor(role, 0x00, bytes.subarray(100_001, 100_004)),
      frameFor(role, 0x8a, "b"),
      frameFor(role, 0x80, bytes.subarray(100_004)),
    ]);
    endpoint.feed(cut(frames, 8191), "readBuffer");
    assertEquals(endpoint.events.slice(0, 2), ["ping 61", "pong 62"]);
    assertSame(endpoint.messages, [bytes], "fragments");
  });
}

Deno.test("readBuffer() returns the memory of a large message itself, and no more than the frame lacks", () => {
  for (const role of ROLES) {
    const endpoint = new Endpoint(role);
    const bytes = frameFor(role, 0x82, pattern(200_000));
    endpoint.feed([bytes.subarray(0, 1000)], "readBuffer");
    const lent = endpoint.platform.pool.lent;
    let rest = bytes.subarray(1000);
    let memory: ArrayBufferLike | null = null;
    while (rest.length > 4096) {
      const buffer = endpoint.protocol.readBuffer();
      assertEquals(buffer.length <= rest.length, true);
      buffer.set(rest.subarray(0, buffer.length));
      memory = buffer.buffer;
      endpoint.protocol.received(buffer.length);
      rest = rest.subarray(buffer.length);
    }
    assertEquals(endpoint.platform.pool.lent, lent, "no block was borrowed for the payload");
    endpoint.feed([rest], "readBuffer");
    assertSame(endpoint.messages, [pattern(200_000)], role);
    assertEquals((endpoint.messages[0] as Uint8Array).buffer === memory, true, "what was read into is given away");
    assertLessOrEqual(endpoint.protocol.readBuffer().length, 65_600);
  }
});

Deno.test("receive() delivers each binary message in memory that nothing else writes to", () => {
  for (const role of ROLES) {
    const endpoint = new Endpoint(role);
    const lengths = [1, 31, 32, 33, 100, 1000, 16_384, 16_385, 70_000, 5];
    for (const feed of FEEDS) {
      endpoint.feed(lengths.map((length) => frameFor(role, 0x82, pattern(length))), feed);
      endpoint.feed(cut(concat(lengths.map((length) => frameFor(role, 0x82, pattern(length)))), 999), feed);
    }
    const expected = lengths.map(pattern);
    assertSame(endpoint.messages, [...expected, ...expected, ...expected, ...expected], role);
  }
});

Deno.test("receive() aligns short binary messages of one read in shared memory at multiples of 8", () => {
  const endpoint = new Endpoint("client");
  endpoint.feed([concat(["abc", "de", "f"].map((text) => frameFor("client", 0x82, text)))]);
  const [first, second, third] = endpoint.messages as Uint8Array[];
  assert(first.buffer === second.buffer);
  assertEquals([second.byteOffset - first.byteOffset, third.byteOffset - first.byteOffset], [8, 16]);
});

for (const role of ROLES) {
  for (const feed of FEEDS) {
    // Row: shared-memory
    Deno.test(`receive() as ${role} never shares a buffer between two connections (${feed})`, () => {
      const { platform } = new Endpoint(role);
      const sharing: InternalProtocolOptions = { platform };
      const [alice, bob] = [new Endpoint(role, sharing), new Endpoint(role, sharing)];
      // Bob receives within the delivery of Alice's message too, as endpoints in one process may; memory is left over.
      const inner = concat(["a", "bcdefgh"].map((text) => frameFor(role, 0x82, text)));
      alice.onEvent = () => bob.feed([inner], feed);
      for (const length of [1, 40, 500, 3000]) {
        alice.feed([concat([1, 2, 3].map(() => frameFor(role, 0x82, pattern(length))))], feed);
        bob.feed([concat([1, 2, 3].map(() => frameFor(role, 0x82, pattern(length))))], feed);
      }
      const buffersOf = ({ messages }: Endpoint) => new Set((messages as Uint8Array[]).map(({ buffer }) => buffer));
      assertEquals([alice.messages.length, bob.messages.length], [12, 36]);
      assertEquals(buffersOf(alice).intersection(buffersOf(bob)).size, 0);
    });

    // Row: shared-memory
    Deno.test(`receive() as ${role} delivers messages that pin little more than their own bytes (${feed})`, () => {
      const endpoint = new Endpoint(role);
      for (const [length, count] of [[8, 2000], [200, 200], [1024, 60], [4000, 16]]) {
        endpoint.messages.length = 0;
        endpoint.feed([concat(Array.from({ length: count }, () => frameFor(role, 0x82, pattern(length))))], feed);
        const pinned = (endpoint.messages as Uint8Array[]).map(({ buffer }) => buffer.byteLength);
        assertEquals(pinned.length, count);
        assertLessOrEqual(Math.max(...pinned), Math.max(length, Math.min(16 * (length + 7), 8192)));
      }
    });
  }

  // Row: shared-memory
  Deno.test(`receive() as ${role} continues after a message's memory was transferred away`, () => {
    const endpoint = new Endpoint(role);
    endpoint.onEvent = () => (endpoint.messages.at(-1) as Uint8Array<ArrayBuffer>).buffer.transfer();
    endpoint.feed([concat(Array.from({ length: 5 }, () => frameFor(role, 0x82, "abc")))]);
    assertEquals(endpoint.events, Array(5).fill("binary 616263"));
  });
}
