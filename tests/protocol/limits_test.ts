import { assert, assertEquals, assertLessOrEqual } from "@std/assert";
import type { Role } from "../../protocol.ts";
import { Endpoint, FEEDS, ROLES } from "../support/endpoint.ts";
import { concat, cut, frameFor, hex, pattern } from "../support/frames.ts";
import { ToyExtension } from "../support/toy_extension.ts";
import { testVectors, type Vector, violation } from "../support/vectors.ts";

const KIB = 1024;

const TOO_LONG = violation("MESSAGE_TOO_LONG", 1009);
const TOO_MANY = violation("TOO_MANY_FRAGMENTS", 1008);

const LIMITS: readonly Vector[] = [
  {
    does: "takes a message of exactly maxLength",
    frames: "81 05 61*5 | 82 05 00*5 | 82 00",
    options: { maxLength: 5 },
    events: ["text aaaaa", "binary 0000000000", "binary"],
  },
  // RFC 6455 §10.4 MUST
  { does: "refuses maxLength and one in one frame", frames: "82 06 00*6", options: { maxLength: 5 }, ...TOO_LONG },
  {
    // Row: message-too-long
    does: "refuses maxLength and one on the header, with none of the payload there",
    frames: "82 06",
    options: { maxLength: 5 },
    ...TOO_LONG,
  },
  {
    does: "takes fragments of exactly maxLength together",
    frames: "02 02 0001 | 00 02 0203 | 00 00 | 80 01 04",
    options: { maxLength: 5 },
    events: ["binary 0001020304"],
  },
  {
    // Row: fragments-too-long
    does: "refuses maxLength and one in fragments each under it, on the header of the last",
    frames: "02 02 0001 | 00 02 0203 | 80 02",
    options: { maxLength: 5 },
    ...TOO_LONG,
  },
  {
    does: "counts the length of each message by itself",
    frames: "01 03 616161 | 80 02 6161 | 81 05 62*5 | 01 05 63*5 | 80 00",
    options: { maxLength: 5 },
    events: ["text aaaaa", "text bbbbb", "text ccccc"],
  },
  {
    does: "counts no control frame towards maxLength",
    frames: "02 03 000102 | 89 05 70*5 | 8a 05 71*5 | 80 02 0304",
    options: { maxLength: 5 },
    events: ["ping 7070707070", "pong 7171717171", "binary 0001020304"],
    sent: ["pong 7070707070"],
  },
  {
    // Row: message-too-long
    does: "refuses text that no string can hold, on the header",
    frames: "81 7f000000001fffffe9",
    options: { maxLength: Number.MAX_SAFE_INTEGER },
    ...TOO_LONG,
  },
  {
    does: "refuses text that no string can hold, in fragments",
    frames: "01 01 61 | 80 7f000000001fffffe8",
    options: { maxLength: Number.MAX_SAFE_INTEGER },
    ...TOO_LONG,
  },
  {
    does: "takes text as long as a string, and waits for it",
    frames: "82 00 | 81 7f000000001fffffe8",
    options: { maxLength: Number.MAX_SAFE_INTEGER },
    events: ["binary"],
  },
  {
    does: "takes more bytes than a string could hold",
    frames: "02 01 00 | 80 7f000000001fffffe9",
    options: { maxLength: Number.MAX_SAFE_INTEGER },
    events: [],
  },
  {
    does: "takes empty messages only where maxLength is 0",
    frames: "81 00 | 02 00 | 80 00 | 89 01 61 | 81 01 61",
    options: { maxLength: 0 },
    events: ["text", "binary", "ping 61", "error WS_MESSAGE_TOO_LONG 1009"],
    sent: ["pong 61", "close 1009"],
  },
  {
    does: "takes a message in exactly maxFragments frames",
    frames: "01 01 61 | 00 01 62 | 80 01 63 | 01 00 | 00 00 | 80 01 64",
    options: { maxFragments: 3 },
    events: ["text abc", "text d"],
  },
  {
    does: "refuses one frame more than maxFragments",
    frames: "01 01 61 | 00 00 | 00 00 | 80 00",
    options: { maxFragments: 3 },
    ...TOO_MANY,
  },
  {
    does: "refuses a second frame where maxFragments is 1",
    frames: "81 01 61 | 01 01 62 | 80 00",
    options: { maxFragments: 1 },
    events: ["text a", ...TOO_MANY.events],
    sent: TOO_MANY.sent,
  },
  {
    does: "counts no control frame towards maxFragments",
    frames: "01 00 | 8a 00 | 8a 00 | 8a 00 | 80 01 61",
    options: { maxFragments: 2 },
    events: ["pong", "pong", "pong", "text a"],
  },
];

testVectors(LIMITS);

/** What a header of 2^53 - 1 bytes, or of any length, is. */
function header(role: Role, first: string, field: string): Uint8Array {
  const bytes = hex(first + field);
  if (role === "client") return bytes;
  bytes[1] |= 0x80;
  return concat([bytes, hex("01020304")]);
}

for (const role of ROLES) {
  Deno.test(`receiveParts() as ${role} allows text that is longer than a string can be`, () => {
    const endpoint = new Endpoint(role, { maxLength: Number.MAX_SAFE_INTEGER });
    endpoint.protocol.receiveParts();
    const header = frameFor(role, 0x81, new Uint8Array(70_000)).slice(0, role === "server" ? 14 : 10);
    header.set(hex("000000001fffffe9"), 2);
    endpoint.feed([header]);
    assertEquals(endpoint.events, []);
  });

  Deno.test(`receive() as ${role} limits an extension to text that fits into a string`, () => {
    const asked: number[] = [];
    const extension = Object.assign(new ToyExtension("synchronous"), {
      decode: (payload: Uint8Array, maxLength: number) => {
        asked.push(maxLength);
        return payload;
      },
    });
    const endpoint = new Endpoint(role, { maxLength: Number.MAX_SAFE_INTEGER, extension });
    endpoint.feed([frameFor(role, 0xc1, "a"), frameFor(role, 0xc2, "a")]);
    assertEquals(asked, [2 ** 29 - 24, Number.MAX_SAFE_INTEGER]);
  });

  // Row: length-size
  Deno.test(`readBuffer() as ${role} reserves next to nothing for what a header claims`, () => {
    for (const first of ["82", "81", "02", "01"]) {
      for (const field of ["7f001fffffffffffff", "7f0000000100000000", "7f0000000003ffffff"]) {
        const endpoint = new Endpoint(role, { maxLength: Infinity });
        endpoint.feed([header(role, first, field)], "readBuffer");
        assertLessOrEqual(endpoint.protocol.readBuffer().length, 64 * KIB);
        endpoint.protocol.received(1);
        assertLessOrEqual(endpoint.protocol.readBuffer().length, 64 * KIB);
        assertLessOrEqual(endpoint.platform.pool.lent + endpoint.platform.slab.given, 10 * KIB);
      }
    }
  });

  // Row: reserved-memory
  Deno.test(`readBuffer() as ${role} reserves little if little has arrived, whatever the header says`, () => {
    for (
      const [claimed, field] of [[0xffff, "7effff"], [0x10000, "7f0000000000010000"], [1 << 25, "7f0000000002000000"]]
    ) {
      const endpoint = new Endpoint(role);
      endpoint.feed([header(role, "82", field as string)], "readBuffer");
      let arrived = 0;
      while (arrived < Math.min(claimed as number, 3_000_000) - 70_000) {
        const buffer = endpoint.protocol.readBuffer();
        assertLessOrEqual(buffer.buffer.byteLength, Math.max(2 * KIB, 8 * (arrived + 1)));
        const count = Math.min(buffer.length, 1 + arrived);
        endpoint.protocol.received(count);
        arrived += count;
      }
    }
  });

  Deno.test(`readBuffer() as ${role} grows with what has arrived`, () => {
    const endpoint = new Endpoint(role);
    const length = 20 * KIB * KIB;
    const bytes = frameFor(role, 0x82, new Uint8Array(length));
    for (let at = 0; at < bytes.length;) {
      const buffer = endpoint.protocol.readBuffer();
      assertLessOrEqual(buffer.length, Math.max(64 * KIB, 3 * at));
      const count = Math.min(buffer.length, bytes.length - at);
      buffer.set(bytes.subarray(at, at + count));
      endpoint.protocol.received(count);
      at += count;
    }
    assertEquals(endpoint.messages.map((message) => message.length), [length]);
  });

  Deno.test(`readBuffer() as ${role} reserves no more than maxLength for fragments`, () => {
    const endpoint = new Endpoint(role, { maxLength: 8104 });
    endpoint.feed([frameFor(role, 0x02, new Uint8Array(8103)).subarray(0, 3900)], "readBuffer");
    const buffer = endpoint.protocol.readBuffer();
    assertLessOrEqual(buffer.length, 8104 - 3800);
    assertEquals(buffer.buffer.byteLength, 8104);
  });

  Deno.test(`readBuffer() as ${role} reserves what a last frame lacks, and no more`, () => {
    const endpoint = new Endpoint(role);
    endpoint.feed([frameFor(role, 0x82, new Uint8Array(7900)).subarray(0, 1000)], "readBuffer");
    assertEquals(endpoint.protocol.readBuffer().buffer.byteLength, 7904);
  });

  Deno.test(`readBuffer() as ${role} reserves ahead for further fragments, so that their cost stays linear`, () => {
    const endpoint = new Endpoint(role);
    const reserved = new Set<ArrayBufferLike>();
    for (let i = 0; i < 200; i++) {
      const fragment = frameFor(role, i === 0 ? 0x02 : 0x00, new Uint8Array(8000));
      endpoint.feed([fragment.subarray(0, 20)], "readBuffer");
      reserved.add(endpoint.protocol.readBuffer().buffer);
      endpoint.protocol.received(0);
      endpoint.feed([fragment.subarray(20)], "readBuffer");
    }
    assertLessOrEqual(reserved.size, 12);
  });

  // Row: endless-fragments
  Deno.test(`receive() as ${role} reads fragments without keeping memory per fragment`, () => {
    const endpoint = new Endpoint(role, { maxFragments: 70_000 });
    endpoint.feed([frameFor(role, 0x01, "a")]);
    const continuations = concat(Array(1000).fill(frameFor(role, 0x00)));
    const lent = endpoint.platform.pool.lent;
    for (let i = 0; i < 60; i++) endpoint.feed([continuations]);
    assertLessOrEqual(endpoint.platform.pool.lent - lent, 200 * KIB);
    assertEquals(endpoint.events, []);
    endpoint.feed([frameFor(role, 0x80, "b")]);
    assertEquals(endpoint.messages, ["ab"]);
  });

  // Row: endless-fragments
  Deno.test(`receive() as ${role} ends endless empty fragments with 1008`, () => {
    for (const payload of ["", "a"]) {
      const endpoint = new Endpoint(role);
      endpoint.feed([frameFor(role, 0x01)]);
      const fragments = concat(Array(4096).fill(frameFor(role, 0x00, payload)));
      let chunks = 0;
      while (endpoint.events.length === 0 && chunks < 100) {
        endpoint.feed([fragments]);
        chunks++;
      }
      assertEquals(endpoint.events, ["error WS_TOO_MANY_FRAGMENTS 1008"]);
      assertEquals(chunks, 32);
      assertEquals(endpoint.sent()[0].slice(0, 10), "close 1008");
    }
  });

  // Row: endless-fragments
  Deno.test(`receive() as ${role} accepts 4 MiB in 65,537 fragments of 64 bytes`, () => {
    const bytes = pattern(4 * KIB * KIB + 64);
    const fragments = cut(bytes, 64);
    const last = fragments.length - 1;
    const frames = fragments.map((payload, index) =>
      frameFor(role, (index === 0 ? 0x02 : 0x00) | (index === last ? 0x80 : 0x00), payload)
    );
    assertEquals(frames.length, 65_537);
    const endpoint = new Endpoint(role);
    endpoint.feed(cut(concat(frames), 50_000));
    assertEquals(endpoint.messages.length, 1);
    assertEquals(endpoint.messages[0], bytes);
  });

  Deno.test(`receive() as ${role} accepts 0x3ffffff bytes and no more by default`, () => {
    const allowed = new Endpoint(role);
    allowed.feed([header(role, "82", "7f0000000003ffffff")]);
    assertEquals(allowed.events, []);
    const refused = new Endpoint(role);
    refused.feed([header(role, "82", "7f0000000004000000")]);
    assertEquals(refused.events, ["error WS_MESSAGE_TOO_LONG 1009"]);
  });
}

Deno.test("receive() delivers a message in memory of exactly its size", () => {
  const endpoint = new Endpoint("client");
  const lengths = [5000, 20_000, 70_000, 1_000_000];
  for (const feed of FEEDS) {
    for (const length of lengths) {
      endpoint.feed(cut(frameFor("client", 0x82, new Uint8Array(length)), 3000), feed);
      endpoint.feed(cut(concat([frameFor("client", 0x02, new Uint8Array(length)), hex("8000")]), 3000), feed);
      for (const message of endpoint.messages.splice(0) as Uint8Array[]) {
        assertEquals(message.length, length);
        const shared = length <= 16 * KIB && message.buffer.byteLength === 64 * KIB;
        assert(shared || message.buffer.byteLength <= length * 9 / 8 + 3, `${length}`);
      }
    }
  }
});
