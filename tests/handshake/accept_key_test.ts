import { assert, assertEquals, assertFalse } from "@std/assert";
import { decodeBase64 } from "@std/encoding/base64";
import { acceptKey, generateKey, isValidKey } from "../../src/handshake/accept_key.ts";
import { RFC_ACCEPT, RFC_KEY, sha1 } from "../http/_bytes.ts";

Deno.test("acceptKey() computes the example of RFC 6455 1.3", () => {
  assertEquals(acceptKey(RFC_KEY, sha1), RFC_ACCEPT);
});

Deno.test("acceptKey() hashes the key and the GUID", () => {
  let hashed = "";
  acceptKey("key", (bytes) => {
    hashed = new TextDecoder().decode(bytes);
    return sha1(bytes);
  });
  assertEquals(hashed, "key258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
});

Deno.test("generateKey() makes 16 random bytes", () => {
  const keys = new Set(Array.from({ length: 100 }, generateKey));
  assertEquals(keys.size, 100);
  const seen = new Set<number>();
  for (const key of keys) {
    assert(isValidKey(key), key);
    const bytes = decodeBase64(key);
    assertEquals(bytes.length, 16);
    for (const byte of bytes) seen.add(byte);
  }
  assert(seen.size > 200, `${seen.size} different bytes of 1600`);
});

Deno.test("isValidKey() accepts the canonical base64 of 16 bytes", () => {
  for (
    const key of [
      RFC_KEY,
      "AQIDBAUGBwgJCgsMDQ4PEA==",
      "AAAAAAAAAAAAAAAAAAAAAA==",
      "+/+/+/+/+/+/+/+/+/+/+w==",
    ]
  ) {
    assert(isValidKey(key), key);
  }
});

Deno.test("isValidKey() refuses every other value", () => {
  const refused = [
    "",
    "x",
    "=".repeat(24),
    "dGhlIHNhbXBsZSBub25jZQ",
    "dGhlIHNhbXBsZSBub25jZQ=",
    "dGhlIHNhbXBsZSBub25jZQ===",
    "dGhlIHNhbXBsZSBub25jZQQ=",
    "dGhlIHNhbXBsZSBub25jZQQQ",
    "dGhlIHNhbXBsZSBub25jZR==",
    "dGhlIHNhbXBsZSBub25jZf==",
    "dGhlIHNhbXBsZSBub25j=Q==",
    "dGhlIHNhbXBsZSBub25j_Q==",
    "dGhlIHNhbXBsZSBub25j-Q==",
    "dGhl IHNhbXBsZSBub25jQ==",
    " dGhlIHNhbXBsZSBub25jQ==",
    "dGhlIHNhbXBsZSBub25j\xe9Q==",
    `${RFC_KEY}, ${RFC_KEY}`,
    "A".repeat(100_000) + "==",
  ];
  for (const key of refused) assertFalse(isValidKey(key), key.slice(0, 80));
  for (let i = 0; i < 22; i++) assertFalse(isValidKey(RFC_KEY.slice(0, i) + "*" + RFC_KEY.slice(i + 1)), `at ${i}`);
});
