import { assert, assertEquals, assertFalse, assertNotEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { Opcode } from "../../protocol.ts";
import { StandardPlatform } from "../../src/protocol/platform.ts";
import { PreparedMessage } from "../../src/protocol/prepared_message.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { concat, frame, frameFor, pattern, readFrames } from "../support/frames.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** Texts of a number of UTF-16 code units, the first ones not ASCII, so that UTF-8 is longer by known amounts. */
function texts(length: number): string[] {
  const shares = [0, 1, 2, Math.min(length, 60)].filter((share) => share <= length);
  const two = shares.map((share) => "é".repeat(share) + "a".repeat(length - share));
  const three = shares.map((share) => "a".repeat(length - share) + "€".repeat(share));
  return [...two, ...three, "😀".repeat(length >> 1) + "a".repeat(length & 1)];
}

// Around 48 units a loop gives way to the encoder, at 16 Ki text is no longer encoded in place; in between are all
// lengths at which UTF-8 changes the header's size.
const LENGTHS = [
  ...[0, 1, 2, 31, 32, 47, 48, 49, 50, 62, 63, 64, 65, 66, 100, 123, 124, 125, 126, 127, 128, 129, 200],
  ...[16_383, 16_384, 16_385, 21_845, 21_846, 32_767, 32_768, 65_475, 65_533, 65_534, 65_535, 65_536, 65_537],
] as const;

for (const role of ROLES) {
  // RFC 6455 §5.2 MUST shortest-written
  Deno.test(`sendText() as ${role} writes the shortest header and exact UTF-8 at every length`, () => {
    for (const length of LENGTHS) {
      for (const text of texts(length)) {
        const { protocol, writes } = connect(new Endpoint(role));
        protocol.sendText("before");
        assert(protocol.sendText(text));
        protocol.sendText("after");
        const sent = readFrames(concat(writes())).map(({ first, payload }) => [first, decoder.decode(payload)]);
        assertEquals(sent, [[0x81, "before"], [0x81, text], [0x81, "after"]]);
      }
    }
  });

  // RFC 6455 §5.4 MUST continuations
  // RFC 6455 §6.1 MUST frames
  Deno.test(`sendFragment() as ${role} puts the type on the first frame and FIN on the last`, () => {
    const { protocol, writes } = connect(new Endpoint(role));
    const send = (opcode: Opcode, count: number): string => {
      protocol.startMessage(() => {
        for (let i = 1; i <= count; i++) protocol.sendFragment(opcode, encoder.encode("a"), i === count, () => {});
      });
      return readFrames(concat(writes())).map(({ first }) => first.toString(16)).join(" ");
    };
    assertEquals(send(Opcode.TEXT, 3), "1 0 80");
    assertEquals(send(Opcode.BINARY, 3), "2 0 80");
    assertEquals(send(Opcode.TEXT, 1), "81");
  });

  Deno.test(`sendText() as ${role} has room for text that triples in size`, () => {
    for (const around of [341, 400, 2730, 4000, 16_384]) {
      for (let length = around - 8; length <= around; length++) {
        const { protocol, writes } = connect(new Endpoint(role));
        protocol.sendText("€".repeat(length));
        protocol.sendText("€".repeat(length));
        const sent = readFrames(concat(writes())).map(({ payload }) => payload.length);
        assertEquals(sent, [3 * length, 3 * length]);
      }
    }
  });

  Deno.test(`sendText() as ${role} sends lone surrogates as U+FFFD`, () => {
    for (
      const text of ["\ud800", "\udfff", "a\ud800b", "\udc00\ud800", "a".repeat(60) + "\ud83d", "\ud800".repeat(50)]
    ) {
      const endpoint = new Endpoint(role);
      endpoint.protocol.sendText(text);
      assertEquals(endpoint.sent(), [`text ${text.toWellFormed()}`]);
    }
    const long = "a".repeat(20_000) + "\ud800";
    const { protocol, writes } = connect(new Endpoint(role));
    protocol.sendText(long);
    assertEquals(decoder.decode(readFrames(concat(writes()))[0].payload), long.toWellFormed());
  });

  Deno.test(`sendText() as ${role} keeps a byte order mark and a NUL`, () => {
    const endpoint = new Endpoint(role);
    endpoint.protocol.sendText("\ufeff\0a");
    assertEquals(endpoint.sent(), ["text \ufeff\0a"]);
  });

  Deno.test(`sendBinary() as ${role} writes the shortest header and the exact bytes at every length`, () => {
    const edges = [0, 1, 2, 3, 31, 32, 33, 47, 48, 49, 50, 51, 125, 126, 127, 65_535, 65_536, 65_537, 200_001];
    for (const length of edges) {
      const { protocol, writes } = connect(new Endpoint(role));
      const bytes = pattern(length);
      // Other lengths in front shift the alignment of the payload in the block that it is masked in.
      for (let before = 0; before < 4; before++) {
        protocol.sendBinary(pattern(before));
        assert(protocol.sendBinary(bytes));
      }
      const sent = readFrames(concat(writes()));
      assertEquals(sent.map(({ first }) => first), Array(8).fill(0x82));
      for (let before = 0; before < 4; before++) {
        assertEquals(sent[2 * before].payload.toHex(), pattern(before).toHex());
        assertEquals(Buffer.compare(sent[2 * before + 1].payload, bytes), 0, `${length} after ${before}`);
      }
      assertEquals(bytes, pattern(length), "the caller's bytes are as they were");
    }
  });

  // Row: views
  Deno.test(`sendBinary() as ${role} accepts views with an offset`, () => {
    for (const length of [5, 40, 1000, 70_000]) {
      const larger = pattern(length + 13);
      const view = larger.subarray(7, 7 + length);
      const { protocol, writes } = connect(new Endpoint(role));
      protocol.sendBinary(view);
      protocol.sendBinary(Buffer.from(larger.buffer, 7, length));
      const [first, second] = readFrames(concat(writes()));
      assertEquals(first.payload, pattern(length + 13).slice(7, 7 + length));
      assertEquals(second.payload, first.payload);
      assertEquals(larger, pattern(length + 13));
    }
  });

  Deno.test(`sendBinary() as ${role} copies a payload of at most 64 KiB`, () => {
    for (const length of [1, 32, 1000, 65_536]) {
      const { protocol, writes } = connect(new Endpoint(role));
      const bytes = pattern(length);
      protocol.sendBinary(bytes);
      bytes.fill(0);
      assertEquals(readFrames(concat(writes()))[0].payload, pattern(length));
    }
  });

  Deno.test(`next() as ${role} returns what was sent in one go as one chunk`, () => {
    const { protocol, writes } = connect(new Endpoint(role));
    for (let i = 0; i < 1000; i++) protocol.sendText(`message ${i}`);
    protocol.sendPing();
    protocol.sendBinary(pattern(3000));
    protocol.sendClose();
    const chunks = writes();
    assertEquals(chunks.length, 1);
    const frames = readFrames(chunks[0]);
    assertEquals(frames.length, 1003);
    assertEquals(frames.slice(0, 1000).map(({ payload }) => decoder.decode(payload)).at(-1), "message 999");
  });

  Deno.test(`next() as ${role} keeps the order if one chunk is not enough`, () => {
    const { protocol, writes } = connect(new Endpoint(role));
    const lengths = [10, 60_000, 5, 60_000, 70_000, 1, 65_536, 0, 65_537, 200_000, 3, 16_000, 50_000, 9000];
    for (const length of lengths) protocol.sendBinary(pattern(length));
    protocol.sendText("a".repeat(30_000));
    const frames = readFrames(concat(writes()));
    assertEquals(frames.map(({ payload }) => payload.length), [...lengths, 30_000]);
    for (const [index, length] of lengths.entries()) {
      assertEquals(Buffer.compare(frames[index].payload, pattern(length)), 0);
    }
  });

  Deno.test(`next() as ${role} returns the same bytes until done() is called, whatever is sent meanwhile`, () => {
    const { protocol } = new Endpoint(role);
    assertEquals(protocol.next(), null);
    protocol.done();
    protocol.sendText("one");
    const first = protocol.next()!;
    const copy = first.toHex();
    for (let i = 0; i < 100; i++) protocol.sendText(`two ${i}`);
    assertEquals(protocol.next(), first);
    assertEquals(first.toHex(), copy);
    protocol.done();
    assertEquals(readFrames(protocol.next()!).length, 100);
  });
}

Deno.test("sendBinary() as server passes on a payload above 64 KiB without a copy", () => {
  const { protocol, platform } = new Endpoint("server", { reuse: true });
  const bytes = pattern(65_537);
  protocol.sendText("before");
  protocol.sendBinary(bytes);
  protocol.sendText("after");
  const before = readFrames(concat([protocol.next()!, bytes]));
  assertEquals(before.map(({ payload }) => payload.length), [6, 65_537]);
  protocol.done();
  assertEquals(protocol.next() === bytes, true);
  protocol.done();
  assertEquals(protocol.next(), frame(0x81, "after"));
  assert(platform.pool.lent < 65_537);
});

// Row: caller-buffer
Deno.test("sendBinary() as client leaves a payload above 64 KiB unchanged, even if it is written late", () => {
  const { protocol, writes } = connect(new Endpoint("client"));
  const bytes = pattern(100_000);
  protocol.sendBinary(bytes);
  assertEquals(bytes, pattern(100_000));
  bytes.fill(0);
  assertEquals(readFrames(concat(writes()))[0].payload, pattern(100_000));
});

// RFC 6455 §5.1 MUST client-masks
// RFC 6455 §10.3 MUST
Deno.test("sendText() as client masks every frame with the platform's next key", () => {
  const endpoint = new Endpoint("client");
  endpoint.protocol.sendText("");
  endpoint.protocol.sendText("a");
  endpoint.protocol.sendBinary(pattern(70_000));
  endpoint.protocol.sendPing();
  endpoint.protocol.sendClose();
  const keys = readFrames(concat(endpoint.writes())).map(({ key }) => key);
  const expected = [1, 2, 3, 4, 5].map((count) => littleEndian(Math.imul(count, 0x9e3779b1)));
  assertEquals(keys, expected);
  assertEquals(endpoint.platform.keys, 5);
});

// RFC 6455 §5.1 MUST server-masks-nothing
Deno.test("sendText() as server draws no masking key", () => {
  const endpoint = new Endpoint("server");
  endpoint.protocol.sendText("a");
  endpoint.protocol.sendClose();
  assertEquals(readFrames(concat(endpoint.writes())).map(({ key }) => key), [null, null]);
  assertEquals(endpoint.platform.keys, 0);
});

// RFC 6455 §5.3 MUST unpredictable
Deno.test("maskingKey() of the standard platform returns a new key each time", () => {
  const platform = new StandardPlatform();
  const keys = new Set(Array.from({ length: 5000 }, () => platform.maskingKey()));
  assert(keys.size > 4990);
  assert([...keys].every(Number.isInteger));
  assertNotEquals(new StandardPlatform().maskingKey(), new StandardPlatform().maskingKey());
});

Deno.test("decodeAscii() of the standard platform reads only the given range", () => {
  assertEquals(new StandardPlatform().decodeAscii(encoder.encode("Hello, world"), 7, 11), "worl");
});

function littleEndian(key: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setInt32(0, key, true);
  return new Uint8Array(view.buffer).toHex();
}

function connect(endpoint: Endpoint) {
  return { protocol: endpoint.protocol, writes: () => endpoint.writes() };
}

// Row: detached-buffer
Deno.test("next() as server fails the connection if a large message's buffer was transferred or resized meanwhile", () => {
  const transferred = new Uint8Array(70_000);
  const resized = new Uint8Array(new ArrayBuffer(70_000, { maxByteLength: 80_000 }));
  for (
    const [message, change] of [
      [transferred, () => transferred.buffer.transfer()],
      [resized, () => (resized.buffer as ArrayBuffer).resize(10)],
    ] as const
  ) {
    const endpoint = new Endpoint("server");
    const { protocol } = endpoint;
    protocol.sendText("before");
    assert(protocol.sendBinary(message));
    assert(protocol.sendText("after"));
    change();
    assertEquals(readFrames(concat(endpoint.writes()).subarray(0, 8)).map(({ first }) => first), [0x81]);
    assertEquals(endpoint.events, ["error WS_SOURCE_FAILED 1011"]);
    assertEquals([protocol.state, protocol.transportEnd, protocol.queued], ["closed", "close", 0]);
  }
});

// Row: detached-buffer
Deno.test("done() as server doesn't count a write as complete if its buffer was transferred meanwhile", () => {
  for (const pieces of [0, 1]) {
    const endpoint = new Endpoint("server", { reuse: true });
    const { protocol } = endpoint;
    const message = new Uint8Array(70_000 + pieces * 1024 * 1024);
    protocol.sendBinary(message);
    for (let count = 0; count <= pieces; count++) {
      protocol.next();
      protocol.done();
    }
    protocol.next();
    message.buffer.transfer();
    protocol.done();
    assertEquals(protocol.next(), null);
    assertEquals(endpoint.events, ["error WS_SOURCE_FAILED 1011"]);
  }
});

for (const role of ROLES) {
  // A byte stream's enqueue() transfers what it gets.
  // Row: kept-writes
  Deno.test(`next() as ${role} returns transferable memory if memory isn't reused`, () => {
    for (const length of [10, 1000, 70_000, 300_000, 3_000_000]) {
      const endpoint = new Endpoint(role, { reuse: false });
      const { protocol } = endpoint;
      const message = pattern(length);
      const shared = new PreparedMessage(pattern(length), false);
      protocol.sendBinary(message);
      protocol.sendPrepared(shared);
      protocol.sendText("after");
      const written: Uint8Array[] = [];
      for (let bytes = protocol.next(); bytes !== null; bytes = protocol.next()) {
        const { byteOffset, length } = bytes;
        written.push(new Uint8Array((bytes.buffer as ArrayBuffer).transfer(), byteOffset, length));
        protocol.done();
      }
      assertEquals(readFrames(concat(written)).map(({ payload }) => payload.length), [length, length, 5]);
      assertEquals([message, shared.payload], [pattern(length), pattern(length)]);
      assertEquals(endpoint.events, []);
    }
  });
}

// Row: detached-buffer
Deno.test("sendBinary() lets buffers of up to 64 KiB, and any buffer of a client, be transferred at once", () => {
  for (const [role, length] of [["server", 65_536], ["client", 65_536], ["client", 300_000]] as const) {
    const endpoint = new Endpoint(role);
    const message = pattern(length);
    endpoint.protocol.sendBinary(message);
    message.buffer.transfer();
    const [frame] = readFrames(concat(endpoint.writes()));
    assertEquals([frame.payload.length, frame.payload[7]], [length, pattern(8)[7]]);
  }
});

for (const role of ROLES) {
  Deno.test(`next() as ${role} returns a long message in pieces, so that each shows the peer's progress`, () => {
    const endpoint = new Endpoint(role);
    const message = pattern(4_000_000);
    endpoint.protocol.sendBinary(message);
    const writes = endpoint.writes();
    assert(writes.every(({ length }) => length <= 1024 * 1024));
    assert(writes.length >= 4);
    assertEquals(readFrames(concat(writes)).map(({ payload }) => payload), [message]);
    assertEquals(endpoint.protocol.queued, 0);
  });

  Deno.test(`close() as ${role} in the middle of a long message leaves nothing queued once the write is done`, () => {
    const { protocol } = new Endpoint(role);
    protocol.sendBinary(new Uint8Array(4_000_000));
    protocol.next();
    protocol.done();
    protocol.next();
    protocol.close();
    protocol.done();
    assertEquals([protocol.queued, protocol.next()], [0, null]);
  });

  Deno.test(`progress as ${role} grows with parts of messages that arrive or are written, not with control frames`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    const grows = (step: () => void) => {
      const before = protocol.progress;
      step();
      return protocol.progress > before;
    };
    const bytes = frameFor(role, 0x82, new Uint8Array(70_000));
    assert(grows(() => endpoint.feed([bytes.subarray(0, 1000)], "readBuffer")));
    assert(grows(() => endpoint.feed([bytes.subarray(1000, 60_000)], "readBuffer")));
    assert(grows(() => endpoint.feed([bytes.subarray(60_000)], "receive")));
    assertFalse(grows(() => endpoint.feed([frameFor(role, 0x89, "ping"), frameFor(role, 0x8a, "pong")])));
    assertFalse(grows(() => endpoint.writes()), "a Pong was written");
    protocol.sendPing();
    assertFalse(grows(() => endpoint.writes()), "a Ping was written");
    protocol.sendBinary(new Uint8Array(3_000_000));
    assert(grows(() => (protocol.next(), protocol.done())));
    assert(grows(() => endpoint.writes()));
    protocol.sendText("short");
    protocol.sendPing();
    assert(grows(() => endpoint.writes()));
  });
}
