import { assert, assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import { ProtocolError } from "../../protocol.ts";
import { ROLES } from "../support/endpoint.ts";
import { Random } from "../support/random.ts";
import { decode, makeDeflate, randomMessage, zlibEncode, ZlibPeer } from "./_pair.ts";

const encoder = new TextEncoder();
const HELLO = encoder.encode("Hello");
const hex = (text: string) => Uint8Array.fromHex(text.replaceAll(" ", ""));
const text = (bytes: Uint8Array | Promise<Uint8Array>) => new TextDecoder().decode(bytes as Uint8Array);

for (const role of ROLES) {
  // RFC 7692 §6.1 MUST rsv1-first
  // RFC 7692 §7.2.1 Text
  Deno.test(`PerMessageDeflate on a ${role} sends RFC 7692 7.2.3.1 and 7.2.3.2 exactly`, () => {
    const extension = makeDeflate(role);
    assertEquals((extension.encode(HELLO) as Uint8Array).toHex(), "f248cdc9c90700");
    assertEquals((extension.encode(HELLO) as Uint8Array).toHex(), "f200110000");
    assertEquals((extension.encode(new Uint8Array(0)) as Uint8Array).toHex(), "00");
  });

  // RFC 7692 §7.2.1 MUST no-takeover
  Deno.test(`PerMessageDeflate on a ${role} sends without takeover as in RFC 7692 7.2.3.2`, () => {
    const extension = makeDeflate(role, { serverNoContextTakeover: true, clientNoContextTakeover: true });
    for (let i = 0; i < 3; i++) assertEquals((extension.encode(HELLO) as Uint8Array).toHex(), "f248cdc9c90700");
    assertEquals(extension.memory, 0);
  });

  Deno.test(`PerMessageDeflate on a ${role} stores with level 0 as in RFC 7692 7.2.3.3`, () => {
    const extension = makeDeflate(role, {}, { level: 0 });
    assertEquals((extension.encode(HELLO) as Uint8Array).toHex(), "000500faff48656c6c6f00");
  });

  // RFC 7692 §7.2.2 MUST takeover
  Deno.test(`PerMessageDeflate on a ${role} reads every example of RFC 7692 7.2.3`, () => {
    const extension = makeDeflate(role);
    // 7.2.3.1, 7.2.3.2 with the window of the message before, 7.2.3.3, 7.2.3.4, 7.2.3.5, 7.2.3.6
    const vectors = [
      "f2 48 cd c9 c9 07 00",
      "f2 00 11 00 00",
      "00 05 00 fa ff 48 65 6c 6c 6f 00",
      "f3 48 cd c9 c9 07 00 00",
      "f2 48 05 00 00 00 ff ff ca c9 c9 07 00",
    ];
    for (const vector of vectors) assertEquals(text(extension.decode(hex(vector), 5)), "Hello", vector);
    assertEquals(text(extension.decode(hex("00"), 0)), "");
    assertEquals(text(extension.decode(hex(""), 0)), "");
  });

  // Row: final-block
  // RFC 7692 §7.2.3.4 Text
  Deno.test(`PerMessageDeflate on a ${role} continues after a final block`, async () => {
    const message = randomMessage(new Random(1), 5000);
    const extension = makeDeflate(role);
    const whole = deflateRawSync(message);
    for (const payload of [whole, Buffer.concat([whole, Uint8Array.of(0)]), zlibEncode(message), whole]) {
      assertEquals(await decode(extension, payload), message);
    }
    assertEquals(
      await decode(extension, Buffer.concat([whole, zlibEncode(message)])),
      new Uint8Array([...message, ...message]),
    );
  });
}

const CORRUPT: readonly [what: string, payload: string][] = [
  ["block type 3", "07"],
  ["block type 3 after good data", "f248cdc9c90706"],
  ["a stored block with a wrong complement", "000500fafe48656c6c6f00"],
  ["a stored block cut off", "000500faff4865"],
  ["a stored block that takes a part of the tail", "000700f8ff48656c6c6f"],
  ["a distance before the beginning", "f200110000"],
  ["a fixed block cut off", "f248cdc9"],
  ["a fixed block without an end", "f248cdc9c9"],
  ["the length symbol 286 of the fixed code", "1b03"],
  ["the distance symbol 30 of the fixed code", "f2003e00"],
  ["more literal codes than there are", "f4c081000000000010ffd54e04"],
  ["a code for lengths with too many codes", "0480ffffff0f"],
  ["a code for lengths with too few codes", "048001000000"],
  ["a header cut off", "0480"],
  ["a block without a code for its end", "04c081000000000010feab010000"],
  ["data that ends in the middle of a block with codes of its own", "0cc301090000008020ffafae2a"],
  [
    "a block cut off, whose end could be read out of the tail that is appended",
    "2c8b810d00000cc16e5dff3f625146480600aea7130611",
  ],
  ["a final block cut off in its last byte", "f348cdc9c907".slice(0, -2)],
  ["a message without the header of its last block", "4bcc02"],
  ["too many codes of literals", "04c081000000000010fea701"],
  ["too few codes of literals", "0480810800000080f6a73e01"],
  ["too few codes of distances", "04c0810000000080a0fca93b00"],
];

for (const [what, payload] of CORRUPT) {
  // Row: corrupt-deflate
  Deno.test(`PerMessageDeflate closes 1007 at ${what}, also in steps, and frees its memory`, async () => {
    for (const role of ROLES) {
      const extension = makeDeflate(role);
      const error = assertThrows(() => extension.decode(hex(payload), 1000), ProtocolError);
      assertEquals([error.code, error.closeCode], ["WS_INVALID_COMPRESSED_DATA", 1007]);
      assertEquals(extension.memory, 0);
      const long = Buffer.concat([
        deflateRawSync(randomMessage(new Random(5), 400_000)),
        hex("f248cdc9c90700"),
        hex("07"),
      ]);
      const late = makeDeflate(role);
      await assertRejects(() => decode(late, long), ProtocolError, "inflate");
      assertEquals(late.memory, 0);
    }
  });
}

Deno.test("PerMessageDeflate treats random bytes as a message or as corrupt, and never fails otherwise", async () => {
  const random = new Random(77);
  const base = zlibEncode(randomMessage(random, 3000));
  for (let i = 0; i < 3000; i++) {
    const payload = random.next(2) === 0 ? random.bytes(random.next(80)) : base.slice();
    if (payload.length > 0) payload[random.next(payload.length)] ^= 1 << random.next(8);
    const extension = makeDeflate("server");
    try {
      assertLess((await decode(extension, payload, 100_000)).length, 100_001);
    } catch (error) {
      assert(error instanceof ProtocolError, String(error));
    }
    extension.close();
  }
});

for (const [deflateBits, inflateBits] of [[15, 15], [9, 9], [15, 9], [12, 8], [9, 15]]) {
  // RFC 7692 §7.2.1 MUST window
  // RFC 7692 §7.2.2 MUST full-window
  Deno.test(`PerMessageDeflate and zlib read each other with windows of ${deflateBits} and ${inflateBits}`, async () => {
    for (const level of [0, 1, 6, 9]) {
      const random = new Random(level + deflateBits);
      using peer = new ZlibPeer(deflateBits, inflateBits, level);
      const windows = { clientMaxWindowBits: deflateBits, serverMaxWindowBits: inflateBits };
      const extension = makeDeflate("server", windows, { level, memLevel: random.pick([1, 8, 9]) });
      for (let i = 0; i < 40; i++) {
        const message = randomMessage(random, random.next(random.pick([10, 300, 5000, 100_000])));
        assertEquals(Buffer.compare(await decode(extension, await peer.encode(message)), message), 0, `${level} ${i}`);
        assertEquals(Buffer.compare(await peer.decode(await extension.encode(message)), message), 0, `${level} ${i}`);
      }
      extension.close();
    }
  });
}

Deno.test("PerMessageDeflate reads a peer that uses a window of 512 bytes after agreeing on 256", async () => {
  const peer = makeDeflate("client", { clientMaxWindowBits: 9 });
  const extension = makeDeflate("server", { clientMaxWindowBits: 8 });
  const random = new Random(3);
  for (let i = 0; i < 500; i++) {
    const message = randomMessage(random, 10 + random.next(60));
    assertEquals(await decode(extension, await peer.encode(message)), message);
  }
});

Deno.test("PerMessageDeflate sends about as many bytes as zlib at the same level", async () => {
  for (const level of [1, 4, 6, 9]) {
    const random = new Random(9);
    using peer = new ZlibPeer(15, 15, level);
    const extension = makeDeflate("client", {}, { level });
    let [ours, theirs] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const message = encoder.encode(JSON.stringify(Array.from({ length: 20 }, (_, id) => ({
        id,
        name: `Item ${random.next(1000)}`,
        price: random.next(100_000) / 100,
      }))));
      ours += (await extension.encode(message)).length;
      theirs += (await peer.encode(message)).length;
    }
    assertLess(ours / theirs, 1.05, `level ${level}`);
  }
});
