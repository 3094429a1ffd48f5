import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { decodeEnvelope, encodeEnvelope, type Envelope } from "../../src/topics/envelope.ts";
import { Counters } from "../../src/topics/_counters.ts";
import { Publishers, REPEATED } from "../../src/topics/_publishers.ts";

const PLAIN: Envelope = {
  publisher: 0x010203040506,
  epoch: 0,
  counter: 1,
  type: "text",
  compress: true,
  key: undefined,
  payload: Uint8Array.fromHex("4869"),
};

const VECTORS: readonly (readonly [string, Envelope, string])[] = [
  ["text", PLAIN, "10 060504030201 00 01 4869"],
  ["binary", { ...PLAIN, type: "binary" }, "11 060504030201 00 01 4869"],
  ["what must not be compressed", { ...PLAIN, compress: false }, "12 060504030201 00 01 4869"],
  ["a key", { ...PLAIN, key: "ü" }, "14 060504030201 00 01 02c3bc 4869"],
  ["an empty key", { ...PLAIN, key: "" }, "14 060504030201 00 01 00 4869"],
  ["a high counter", { ...PLAIN, epoch: 128, counter: 2 ** 53 - 1 }, "10 060504030201 8001 ffffffffffffff0f 4869"],
  ["the highest id", { ...PLAIN, publisher: 2 ** 48 - 1 }, "10 ffffffffffff 00 01 4869"],
  ["an empty message", { ...PLAIN, payload: new Uint8Array(0) }, "10 060504030201 00 01"],
];

for (const [name, envelope, hex] of VECTORS) {
  const bytes = Uint8Array.fromHex(hex.replaceAll(" ", ""));

  Deno.test(`encodeEnvelope() writes ${name}`, () => assertEquals(encodeEnvelope(envelope).toHex(), bytes.toHex()));

  Deno.test(`decodeEnvelope() reads ${name}, but not from a truncated head`, () => {
    assertEquals(decodeEnvelope(bytes), envelope);
    const head = bytes.length - envelope.payload.length;
    for (let length = 0; length < head; length++) assertEquals(decodeEnvelope(bytes.subarray(0, length)), null);
  });
}

for (
  const [name, hex] of [
    ["another version", "2001020304050600014869"],
    ["a number beyond 2^53", "1001020304050600ffffffffffffff1f4869"],
    ["a number without an end", "1001020304050600ffffffffffffffffff01"],
    ["a key longer than the message", "140102030405060001054869"],
    ["a key that is not UTF-8", "14010203040506000101ff"],
  ]
) {
  Deno.test(`decodeEnvelope() refuses ${name}`, () => assertEquals(decodeEnvelope(Uint8Array.fromHex(hex)), null));
}

Deno.test("Counters count each topic from 1, and begin a new epoch for one that was dropped", () => {
  const counters = new Counters();
  assertEquals([counters.next("a").counter, counters.next("a").counter, counters.next("b").counter], [1, 2, 1]);
  const { epoch } = counters.next("a");
  for (let i = 0; i < 200_000; i++) counters.next(`${i}`);
  const again = counters.next("a");
  assertEquals(again.counter, 1);
  assertGreater(again.epoch, epoch);
  const kept = counters.next("199999");
  assertEquals(kept.counter, 2);
});

Deno.test("Counters keep the count of a topic in use", () => {
  const counters = new Counters();
  for (let i = 0; i < 200_000; i++) {
    if (i % 1000 === 0) counters.next("a");
    counters.next(`${i}`);
  }
  assertEquals(counters.next("a").counter, 201);
});

Deno.test("Publishers count missing messages separately for each publisher", () => {
  const publishers = new Publishers();
  assertEquals(publishers.receive(1, 0, 7), 0);
  assertEquals(publishers.receive(2, 0, 1), 0);
  assertEquals(publishers.receive(1, 0, 10), 2);
  assertEquals(publishers.receive(1, 0, 10), REPEATED);
  assertEquals(publishers.receive(1, 0, 9), REPEATED);
  // A new epoch begins at 1.
  assertEquals(publishers.receive(1, 2, 3), 2);
  assertEquals(publishers.receive(1, 1, 99), REPEATED);
  assertEquals(publishers.receive(2, 0, 2), 0);
});

Deno.test("Publishers forget the oldest one if there are too many", () => {
  const publishers = new Publishers();
  for (let id = 0; id < 1025; id++) assertLess(publishers.receive(id, 0, 5), 1);
  assertEquals([publishers.receive(0, 0, 8), publishers.receive(1024, 0, 8)], [0, 2]);
});
