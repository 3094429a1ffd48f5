import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../src/errors.ts";
import { FrameHeader, headerSize, writeHeader } from "../../src/protocol/frame_header.ts";

// Lengths beyond what a test can hold in memory, and those at which the form changes.
const HEADERS = [
  [0, "8200"],
  [125, "827d"],
  [126, "827e007e"],
  [0x1234, "827e1234"],
  [0xffff, "827effff"],
  [0x10000, "827f0000000000010000"],
  [0x12345678, "827f0000000012345678"],
  [0xffffffff, "827f00000000ffffffff"],
  [0x1_0000_0005, "827f0000000100000005"],
  [Number.MAX_SAFE_INTEGER, "827f001fffffffffffff"],
] as const;

for (const [length, digits] of HEADERS) {
  Deno.test(`writeHeader() and read() agree on ${digits}`, () => {
    const bytes = new Uint8Array(14);
    writeHeader(bytes, 0, 0x82, length, false);
    assertEquals(bytes.subarray(0, headerSize(length, false)).toHex(), digits);

    const header = new FrameHeader(false, 0);
    assertEquals(header.read(bytes, 0, headerSize(length, false) - 1), false);
    assertEquals(header.read(bytes, 0, headerSize(length, false)), true);
    assertEquals([header.length, header.size, header.opcode, header.fin], [length, digits.length / 2, 2, true]);
  });
}

// RFC 6455 §5.3 MUST mask-bit
Deno.test("headerSize() counts the masking key, and writeHeader() sets MASK for it", () => {
  for (const [length, size] of [[125, 6], [126, 8], [0xffff, 8], [0x10000, 14]]) {
    assertEquals(headerSize(length, true), size);
    const bytes = new Uint8Array(14);
    writeHeader(bytes, 0, 0x81, length, true);
    assertEquals(bytes[1] >> 7, 1);
  }
});

Deno.test("read() refuses a length that a number can't hold exactly", () => {
  const header = new FrameHeader(false, 0);
  const bytes = Uint8Array.fromHex("827f0020000000000000");
  assertEquals(assertThrows(() => header.read(bytes, 0, bytes.length), ProtocolError).closeCode, 1009);
});

Deno.test("read() reads the masking key with its first octet lowest", () => {
  const header = new FrameHeader(true, 0);
  assertEquals(header.read(Uint8Array.fromHex("8180a1b2c3d4"), 0, 6), true);
  assertEquals(header.key >>> 0, 0xd4c3b2a1);
});
