/**
 * Frames that break a rule, as bytes that any implementation can be asked about.
 *
 * @module
 */
import type { ErrorCode, Role } from "../../protocol.ts";
import { vector } from "../support/frames.ts";

/** Bytes from a peer, and how the connection has to end. */
export interface FrameRow {
  /** What the peer does, for the test's name. */
  readonly does: string;
  /** The frames, as `vector()` reads them. */
  readonly frames: string;
  /** The messages that are delivered before the end: `"text Hi"`, `"binary 00ff"`. */
  readonly messages?: readonly string[];
  /** The stable code of the error; null if the connection closes cleanly. */
  readonly code: ErrorCode | null;
  /** The code of the Close that goes out. */
  readonly close: number;
  /** True if the mask is that of the other side. */
  readonly misplacedMask?: boolean;
  /** True if it is about compression, which must be negotiated. */
  readonly compressed?: boolean;
  /** True where compression, once agreed on, makes it legal. */
  readonly ownedByCompression?: boolean;
  /** Limits to set. */
  readonly limits?: { readonly maxLength?: number; readonly maxFragments?: number };
}

const hexByte = (byte: number) => byte.toString(16).padStart(2, "0");
const closeOf = (code: number) => `88 02 ${code.toString(16).padStart(4, "0")}`;

function each(values: readonly string[], make: (value: string) => Omit<FrameRow, "does"> & { does?: string }) {
  return values.map((value): FrameRow => ({ does: `frames ${value}`, ...make(value) }));
}

const FORM: readonly FrameRow[] = [
  ...["c1", "a1", "91", "f2", "c8", "a9", "9a", "41"].map((first): FrameRow => ({
    // Row: reserved-bit
    does: `reserved bits in ${first}`,
    frames: `${first} 02 03e8`,
    ownedByCompression: first === "c1" || first === "41",
    code: "WS_RESERVED_BIT",
    close: 1002,
  })),
  {
    // Row: reserved-bit
    does: "a reserved bit in a continuation",
    frames: "01 01 61 | c0 01 62",
    code: "WS_RESERVED_BIT",
    close: 1002,
  },
  ...[0x83, 0x84, 0x85, 0x86, 0x87, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x03, 0x0b].map((first): FrameRow => ({
    // Row: reserved-opcode
    does: `the reserved opcode in ${hexByte(first)}`,
    frames: `${hexByte(first)} 00`,
    code: "WS_RESERVED_OPCODE",
    close: 1002,
  })),
  ...["81 01 61", "82 00", "89 00", "88 02 03e8", "01 01 61"].map((frames): FrameRow => ({
    // Row: mask
    does: `the other side's mask on ${frames}`,
    frames,
    misplacedMask: true,
    code: null,
    close: 1002,
  })),
  ...["88", "89", "8a"].flatMap((first): FrameRow[] => [
    {
      // Row: control-frame
      does: `126 bytes in a control frame ${first}`,
      frames: `${first} 7e007e 03e8 61*124`,
      code: "WS_CONTROL_FRAME_TOO_LONG",
      close: 1002,
    },
    {
      // Row: control-frame
      does: `a fragmented control frame ${first}`,
      frames: `0${first[1]} 00 | 80 00`,
      code: "WS_CONTROL_FRAME_FRAGMENTED",
      close: 1002,
    },
  ]),
  ...["80 01 61", "00 00", "00 01 61 | 80 01 62"].map((frames): FrameRow => ({
    // Row: fragment-order
    does: `a continuation of nothing, ${frames}`,
    frames,
    code: "WS_UNEXPECTED_CONTINUATION",
    close: 1002,
  })),
  {
    // Row: fragment-order
    does: "a continuation after a complete message",
    frames: "81 01 61 | 80 01 62",
    messages: ["text a"],
    code: "WS_UNEXPECTED_CONTINUATION",
    close: 1002,
  },
  ...["01 01 61 | 81 01 62", "02 00 | 01 00", "02 01 61 | 82 01 62"].map((frames): FrameRow => ({
    // Row: fragment-order
    does: `a message inside another, ${frames}`,
    frames,
    code: "WS_EXPECTED_CONTINUATION",
    close: 1002,
  })),
];

const LENGTHS: readonly FrameRow[] = [
  ...["7e0000", "7e007d", "7f0000000000000000", "7f000000000000007d", "7f000000000000ffff"].map((length): FrameRow => ({
    // Row: length-form
    does: `the length ${length}`,
    frames: `82 ${length}`,
    code: "WS_INVALID_LENGTH",
    close: 1002,
  })),
  ...["7f8000000000000000", "7fffffffffffffffff"].map((length): FrameRow => ({
    // Row: length-size
    does: `the length ${length}, with its top bit set`,
    frames: `82 ${length}`,
    code: "WS_INVALID_LENGTH",
    close: 1002,
  })),
  ...["7f7fffffffffffffff", "7f0020000000000000", "7f0000000100000001", "7f0000000004000000"].map((
    length,
  ): FrameRow => ({
    // Row: length-size
    does: `the length ${length}, above the limit`,
    frames: `82 ${length}`,
    limits: { maxLength: 0x3ffffff },
    code: "WS_MESSAGE_TOO_LONG",
    close: 1009,
  })),
  {
    // Row: message-too-long
    does: "the header of a message longer than maxLength",
    frames: "82 7e0401",
    limits: { maxLength: 1024 },
    code: "WS_MESSAGE_TOO_LONG",
    close: 1009,
  },
  {
    // Row: message-too-long
    does: "a second message longer than maxLength",
    frames: "81 05 48656c6c6f | 81 06",
    messages: ["text Hello"],
    limits: { maxLength: 5 },
    code: "WS_MESSAGE_TOO_LONG",
    close: 1009,
  },
  {
    // Row: fragments-too-long
    does: "three fragments that together exceed maxLength",
    frames: "02 03 000102 | 00 02 0304 | 80 01",
    limits: { maxLength: 5 },
    code: "WS_MESSAGE_TOO_LONG",
    close: 1009,
  },
  {
    // Row: endless-fragments
    does: "empty fragments above maxFragments",
    frames: "02 00 | 00 00 | 00 00 | 00 00",
    limits: { maxFragments: 3 },
    code: "WS_TOO_MANY_FRAGMENTS",
    close: 1008,
  },
  {
    // Row: endless-fragments
    does: "one-byte fragments above maxFragments, with a Ping in between",
    frames: "01 01 61 | 00 01 61 | 89 00 | 00 01 61 | 00 01 61",
    limits: { maxFragments: 3 },
    code: "WS_TOO_MANY_FRAGMENTS",
    close: 1008,
  },
];

const TEXT: readonly FrameRow[] = each(
  [
    "81 01 ff",
    "81 02 c0af",
    "81 03 eda080",
    "81 04 f4908080",
    "81 02 6180",
    "81 02 e282",
    "81 05 f4908080",
    "01 01 e2 | 80 01 28",
    "01 02 e282 | 80 00",
    "01 01 f0 | 00 01 9f | 80 01 28",
    "01 03 f09f98 | 89 00 | 80 01 61",
  ],
  (frames) => ({
    // Row: utf8
    does: `text that is not valid UTF-8, ${frames}`,
    frames,
    code: "WS_INVALID_UTF8",
    close: 1007,
  }),
);

const CLOSES: readonly FrameRow[] = [
  {
    // Row: close-payload
    does: "a Close of one byte",
    frames: "88 01 03",
    code: "WS_INVALID_CLOSE_PAYLOAD",
    close: 1002,
  },
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map((code): FrameRow => ({
    // Row: close-payload
    does: `a Close with the code ${code}`,
    frames: closeOf(code),
    code: "WS_INVALID_CLOSE_CODE",
    close: 1002,
  })),
  ...[1000, 1003, 1007, 1014, 3000, 4999].map((code): FrameRow => ({
    // Row: close-payload
    does: `a Close with the valid code ${code}`,
    frames: closeOf(code),
    code: null,
    close: code,
  })),
  ...["ff", "e282", "eda080"].map((reason): FrameRow => ({
    // Row: close-payload
    does: `a Close with the reason ${reason}`,
    frames: `88 0${2 + reason.length / 2} 03e8 ${reason}`,
    code: "WS_INVALID_UTF8",
    close: 1007,
  })),
  ...["81 01 61", "83 00", "88 02 03ed", "01 7f8000000000000000"].map((frames): FrameRow => ({
    // Row: after-close
    does: `${frames} after a Close`,
    frames: `88 02 03e8 | ${frames}`,
    code: null,
    close: 1000,
  })),
];

const HELLO = "f248cdc9c90700";

const COMPRESSED: readonly FrameRow[] = [
  ...["c8 02 03e8", "c9 00", "ca 01 61"].map((frames): Omit<FrameRow, "code" | "close"> => ({
    // Row: rsv1
    does: `RSV1 on the control frame ${frames}`,
    frames,
  })),
  // Row: rsv1
  { does: "RSV1 on a continuation", frames: "41 03 f248cd | c0 04 c9c90700" },
  // Row: rsv1
  { does: "RSV1 on a continuation of an uncompressed message", frames: "01 01 61 | c0 01 62" },
].map((row): FrameRow => ({ ...row, compressed: true, code: "WS_RESERVED_BIT", close: 1002 }));

const DAMAGED: readonly FrameRow[] = [
  // Row: corrupt-deflate
  ["a block of the reserved type", "c1 02 0700"],
  ["a distance that points before the first byte", "c1 05 f200110000"],
  ["data that is cut off", "c1 04 f248cdc9"],
  ["data that is cut off in the header of a block", "c1 02 0480"],
  ["data that is cut off, in fragments", "41 02 f248 | 80 02 cdc9"],
  ["a stored block whose lengths contradict each other", "c2 06 000500ffff61"],
].map(([does, frames]): FrameRow => ({
  does,
  frames,
  compressed: true,
  code: "WS_INVALID_COMPRESSED_DATA",
  close: 1007,
}));

const INFLATED: readonly FrameRow[] = [
  {
    // Row: final-block
    does: "a final block, and a message after it",
    frames: `c1 08 f348cdc9c9070000 | c1 07 ${HELLO} | 88 02 03e8`,
    messages: ["text Hello", "text Hello"],
    compressed: true,
    code: null,
    close: 1000,
  },
  {
    // Row: bomb
    does: "five bytes that exceed maxLength once inflated",
    frames: `c1 07 ${HELLO}`,
    limits: { maxLength: 4 },
    compressed: true,
    code: "WS_MESSAGE_TOO_LONG",
    close: 1009,
  },
  {
    // Row: bomb
    does: "fragments that exceed maxLength once inflated",
    frames: "41 03 f248cd | 00 02 c9c9 | 80 02 0700",
    limits: { maxLength: 4 },
    compressed: true,
    code: "WS_MESSAGE_TOO_LONG",
    close: 1009,
  },
  {
    // Row: utf8
    does: "text that is not valid UTF-8 once inflated",
    frames: "c1 08 000200fdffff6100",
    compressed: true,
    code: "WS_INVALID_UTF8",
    close: 1007,
  },
];

/** All of them. */
export const FRAME_ROWS: readonly FrameRow[] = [
  ...FORM,
  ...LENGTHS,
  ...TEXT,
  ...CLOSES,
  ...COMPRESSED,
  ...DAMAGED,
  ...INFLATED,
];

/** The bytes of a row, as the peer of `role` sends them. */
export function bytesOf({ frames, misplacedMask = false }: FrameRow, role: Role): Uint8Array<ArrayBuffer> {
  const other = role === "client" ? "server" : "client";
  return vector(frames, misplacedMask ? other : role);
}

/** The code of the error that a row leads to, null for none. */
export function codeOf({ misplacedMask = false, code }: FrameRow, role: Role): ErrorCode | null {
  if (!misplacedMask) return code;
  return role === "client" ? "WS_MASK_FORBIDDEN" : "WS_MASK_REQUIRED";
}
