import { assertEquals } from "@std/assert";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { cut, frameFor, hex, vector } from "../support/frames.ts";
import { testVectors, type Vector, violation } from "../support/vectors.ts";

const hexByte = (byte: number) => byte.toString(16).padStart(2, "0");

const RESERVED_BITS: readonly Vector[] = ["c1", "a1", "91", "f1", "c2", "c0", "a9", "c9", "98", "41", "ca"].map((
  first,
) => ({
  // Row: reserved-bit
  // RFC 6455 §5.2 MUST reserved-bits
  does: `refuses the reserved bits of ${first}`,
  frames: `${first} 01 61`,
  ...violation("RESERVED_BIT"),
}));

const RESERVED_OPCODES: readonly Vector[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) =>
  [0x80, 0x00].map((fin) => ({
    // Row: reserved-opcode
    // RFC 6455 §5.2 MUST opcode
    does: `refuses opcode ${opcode} with FIN ${fin >> 7}`,
    frames: `${hexByte(fin | opcode)} 00`,
    ...violation("RESERVED_OPCODE"),
  }))
);

const CONTROL: readonly Vector[] = [8, 9, 10].flatMap((opcode) => [
  {
    // Row: control-frame
    // RFC 6455 §5.5 MUST
    does: `refuses a control frame with opcode ${opcode} and 126 bytes`,
    frames: `${hexByte(0x80 | opcode)} 7e007e 00*126`,
    ...violation("CONTROL_FRAME_TOO_LONG"),
  },
  {
    does: `refuses a control frame with opcode ${opcode} and a 64-bit length`,
    frames: `${hexByte(0x80 | opcode)} 7f0000000000010000`,
    ...violation("CONTROL_FRAME_TOO_LONG"),
  },
  {
    // Row: control-frame
    // RFC 6455 §5.4 MUST control-whole
    does: `refuses a control frame with opcode ${opcode} without FIN`,
    frames: `0${opcode.toString(16)} 00`,
    ...violation("CONTROL_FRAME_FRAGMENTED"),
  },
]);

const FRAGMENTS: readonly Vector[] = [
  {
    // Row: fragment-order
    does: "refuses a continuation with nothing to continue",
    frames: "80 01 61",
    ...violation("UNEXPECTED_CONTINUATION"),
  },
  {
    does: "refuses a continuation without FIN with nothing to continue",
    frames: "00 00",
    ...violation("UNEXPECTED_CONTINUATION"),
  },
  {
    does: "refuses a continuation after a whole message",
    frames: "81 01 61 | 80 01 62",
    events: ["text a", "error WS_UNEXPECTED_CONTINUATION 1002"],
    sent: ["close 1002"],
  },
  {
    does: "refuses a continuation after a fragmented message's end",
    frames: "01 01 61 | 80 01 62 | 80 01 63",
    events: ["text ab", "error WS_UNEXPECTED_CONTINUATION 1002"],
    sent: ["close 1002"],
  },
  // RFC 6455 §5.4 MUST no-interleaving
  { does: "refuses text inside a message", frames: "01 01 61 | 81 01 62", ...violation("EXPECTED_CONTINUATION") },
  { does: "refuses binary inside a message", frames: "01 00 | 82 01 62", ...violation("EXPECTED_CONTINUATION") },
  {
    // Row: fragment-order
    does: "refuses a fragmented text inside a message",
    frames: "02 01 61 | 01 01 62",
    ...violation("EXPECTED_CONTINUATION"),
  },
];

const LENGTHS: readonly Vector[] = [
  ...["7e0000", "7e0001", "7e007d"].map((field) => ({
    // Row: length-form
    // RFC 6455 §5.2 MUST shortest-read
    does: `refuses the length ${field}`,
    frames: `82 ${field} 00*125`,
    ...violation("INVALID_LENGTH"),
  })),
  ...["7f0000000000000000", "7f000000000000007d", "7f000000000000007e", "7f000000000000ffff"].map((field) => ({
    does: `refuses the length ${field}`,
    frames: `82 ${field} 00*200`,
    ...violation("INVALID_LENGTH"),
  })),
  ...["7f8000000000000000", "7fffffffffffffffff", "7f8000000000000001"].map((field) => ({
    // Row: length-size
    // RFC 6455 §5.2 MUST top-bit
    does: `refuses the length ${field} for its top bit`,
    frames: `82 ${field}`,
    ...violation("INVALID_LENGTH"),
  })),
  ...["7f7fffffffffffffff", "7f0020000000000000", "7f001fffffffffffff", "7f0000000100000000", "7f0000000080000000"].map(
    (
      field,
    ) => ({
      // Row: length-size
      does: `refuses the length ${field} for its size`,
      frames: `82 ${field} 00*20`,
      ...violation("MESSAGE_TOO_LONG", 1009),
    }),
  ),
  {
    does: "refuses a length of 2^53 whatever the limit is",
    frames: "82 7f0020000000000000",
    options: { maxLength: Infinity },
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
  {
    does: "refuses a length that is 2 to the 32nd above the limit",
    frames: "82 7f0000000100010000 00*20",
    options: { maxLength: 70_000 },
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
];

const ORDER: readonly Vector[] = [
  {
    // RFC 6455 §7.1.7 MUST stops-reading
    does: "delivers what stands before a violation and nothing after it",
    frames: "81 01 61 | 89 01 62 | 83 00 | 81 01 63 | 89 00 | 88 00",
    events: ["text a", "ping 62", "error WS_RESERVED_OPCODE 1002"],
    sent: ["pong 62", "close 1002"],
  },
  {
    does: "drops the fragments of a message that a violation cuts off",
    frames: "01 01 61 | 89 01 62 | 00 01 63 | b0 00 | 80 01 64",
    events: ["ping 62", "error WS_RESERVED_BIT 1002"],
    sent: ["pong 62", "close 1002"],
  },
];

testVectors([...RESERVED_BITS, ...RESERVED_OPCODES, ...CONTROL, ...FRAGMENTS, ...LENGTHS, ...ORDER]);

for (const first of ["81", "82", "01", "88", "89", "8a"]) {
  // Row: mask
  // RFC 6455 §5.1 MUST unmasked-frame
  Deno.test(`receive() as server refuses ${first} without a mask`, () => {
    const endpoint = new Endpoint("server");
    endpoint.feed([vector(`${first} 02 03e8`, "client")]);
    assertEquals(endpoint.events, ["error WS_MASK_REQUIRED 1002"]);
  });

  // Row: mask
  // RFC 6455 §5.1 MUST masked-frame
  Deno.test(`receive() as client refuses ${first} with a mask`, () => {
    const endpoint = new Endpoint("client");
    endpoint.feed([vector(`${first} 02 03e8`, "server")]);
    assertEquals(endpoint.events, ["error WS_MASK_FORBIDDEN 1002"]);
  });
}

Deno.test("receive() refuses a continuation with the other side's mask, too", () => {
  for (const role of ROLES) {
    const endpoint = new Endpoint(role);
    endpoint.feed([frameFor(role, 0x01, "a"), frameFor(role === "client" ? "server" : "client", 0x80, "b")]);
    assertEquals(endpoint.events, [`error WS_MASK_${role === "client" ? "FORBIDDEN" : "REQUIRED"} 1002`]);
  }
});

// What is wrong is found with the field, or the header, that makes it so: [bytes in hex, how many of them suffice].
const EARLY: readonly (readonly [role: "client" | "server", bytes: string, suffice: number])[] = [
  ["client", "f1", 1],
  ["client", "83", 1],
  ["client", "09", 1],
  ["client", "8181", 2],
  ["client", "897e", 2],
  ["client", "827e007d", 4],
  ["client", "827f000000000000ffff", 10],
  ["client", "827f0000000004000000", 10],
  ["client", "8000", 2],
  ["client", "01016182", 5],
  ["server", "8101", 2],
  ["server", "82ff000000000400000037fa213d", 14],
];

Deno.test("receive() fails at the first byte that is certainly wrong", () => {
  for (const [role, bytes, suffice] of EARLY) {
    const endpoint = new Endpoint(role);
    let count = 0;
    for (const byte of cut(hex(bytes + "00*20"), 1)) {
      if (endpoint.events.length > 0) break;
      endpoint.feed([byte]);
      count++;
    }
    assertEquals(count, suffice, bytes);
  }
});
