import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { sha1 } from "../../src/handshake/sha1.ts";

// FIPS 180-2, appendix A
Deno.test("sha1() computes the digests of the standard's examples", () => {
  const digest = (text: string) => sha1(new TextEncoder().encode(text)).toHex();
  assertEquals(digest("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assertEquals(
    digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
    "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
  );
  assertEquals(digest("a".repeat(1_000_000)), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
  assertEquals(digest(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
});

Deno.test("sha1() agrees with node:crypto at every length around its blocks", () => {
  for (let length = 0; length < 300; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    assertEquals(sha1(bytes).toHex(), createHash("sha1").update(bytes).digest("hex"), bytes.toHex());
  }
});
