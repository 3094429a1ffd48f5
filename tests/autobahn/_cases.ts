import { type FrameOptions, type Fuzzer, utf8 } from "./_fuzzer.ts";

/** What is tried on an echo endpoint, numbered as the families of Autobahn|Testsuite are. */
export interface Case {
  /** The number: that of the suite's case, or of its family with what is varied. */
  readonly id: string;
  /** What is sent. */
  readonly what: string;
  /** Sends it, and checks what comes back. Afterwards the connection is over. */
  run(peer: Fuzzer): Promise<void>;
}

const CONTINUATION = 0;
const TEXT = 1;
const BINARY = 2;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const PROTOCOL_ERROR = 1002;
const INVALID_PAYLOAD = 1007;

const KiB = 1024;
const MiB = 1024 * KiB;

/** A part of a message: opcode, payload, and what is special about the frame. */
type Part = readonly [opcode: number, payload: string | Uint8Array, options?: FrameOptions];

function bytesOf(payload: string | Uint8Array): Uint8Array {
  return typeof payload === "string" ? utf8(payload) : payload;
}

function pattern(length: number): Uint8Array {
  return new Uint8Array(length).fill(0x2a);
}

function hex(bytes: string): Uint8Array {
  return Uint8Array.fromHex(bytes.replaceAll(" ", ""));
}

/** Sends frames, whole, and in writes of a single byte; expects frames, and then a clean end or a failing. */
function frames(id: string, what: string, parts: Part[], expected: Part[], failure?: number): Case[] {
  return [0, 1].map((chop) => ({
    id: chop === 0 ? id : `${id} in octets`,
    what,
    async run(peer) {
      peer.chop = chop;
      for (const [opcode, payload, options] of parts) await peer.send(opcode, bytesOf(payload), options);
      for (const [opcode, payload] of expected) await peer.expect(opcode, bytesOf(payload));
      await (failure === undefined ? peer.expectCleanEnd() : peer.expectClose(failure));
    },
  }));
}

function echoed(id: string, opcode: number, length: number, fragment: number, chop: number): Case {
  const type = opcode === TEXT ? "text" : "binary";
  return {
    id,
    what: `${type} of ${length} bytes in fragments of ${fragment}, written ${chop === 0 ? "whole" : `by ${chop}`}`,
    async run(peer) {
      const payload = pattern(length);
      peer.chop = chop;
      await peer.sendFragments(opcode, payload, fragment);
      await peer.expect(opcode, payload);
      await peer.expectCleanEnd();
    },
  };
}

const lengths: Case[] = [TEXT, BINARY].flatMap((opcode) =>
  [[0], [125], [126], [127], [128], [65_535], [65_536], [65_536, 997]].map(([length, chop = 0], i) =>
    echoed(`1.${opcode}.${i + 1}`, opcode, length, Infinity, chop)
  )
);

const PINGS: Part[] = Array.from({ length: 10 }, (_, i) => [PING, `payload-${i}`]);
const PONGS: Part[] = PINGS.map(([, payload]) => [PONG, payload]);

const pings: Case[] = [
  ...frames("2.1", "a Ping without payload", [[PING, ""]], [[PONG, ""]]),
  ...frames("2.2", "a Ping with text", [[PING, "Hello, world!"]], [[PONG, "Hello, world!"]]),
  ...frames("2.3", "a Ping with bytes", [[PING, hex("00ff fefd fcfb 00ff")]], [[PONG, hex("00ff fefd fcfb 00ff")]]),
  ...frames("2.4", "a Ping of 125 bytes", [[PING, pattern(125)]], [[PONG, pattern(125)]]),
  ...frames("2.5", "a Ping of 126 bytes", [[PING, pattern(126)]], [], PROTOCOL_ERROR),
  ...frames("2.7", "a Pong that nothing asked for", [[PONG, ""]], []),
  ...frames("2.8", "a Pong with payload that nothing asked for", [[PONG, "unsolicited"]], []),
  ...frames("2.9", "such a Pong and a Ping", [[PONG, "unsolicited"], [PING, "asked"]], [[PONG, "asked"]]),
  ...frames("2.10", "ten Pings", PINGS, PONGS),
];

const HELLO: Part = [TEXT, "Hello, world!"];

const reservedBits: Case[] = [1, 2, 3, 4, 5, 6, 7].flatMap((rsv) => [
  ...frames(`3.${rsv} alone`, `text with RSV ${rsv}`, [[TEXT, "x", { rsv }]], [], PROTOCOL_ERROR),
  ...frames(`3.${rsv} binary`, `bytes with RSV ${rsv}`, [[BINARY, "x", { rsv }]], [], PROTOCOL_ERROR),
  ...frames(`3.${rsv} Ping`, `a Ping with RSV ${rsv}`, [[PING, "x", { rsv }]], [], PROTOCOL_ERROR),
  ...frames(`3.${rsv} Close`, `a Close with RSV ${rsv}`, [[CLOSE, "", { rsv }]], [], PROTOCOL_ERROR),
  ...frames(
    `3.${rsv} second`,
    "text, and more after it",
    [HELLO, [TEXT, "x", { rsv }], [PING, ""]],
    [HELLO],
    PROTOCOL_ERROR,
  ),
]);

const reservedOpcodes: Case[] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].flatMap((opcode) => {
  const family = opcode < 8 ? "4.1" : "4.2";
  return [
    ...frames(`${family} opcode ${opcode}`, "a reserved opcode", [[opcode, ""]], [], PROTOCOL_ERROR),
    ...frames(`${family} opcode ${opcode}, payload`, "the same with payload", [[opcode, "x"]], [], PROTOCOL_ERROR),
    ...frames(
      `${family} opcode ${opcode}, second`,
      "text before it",
      [HELLO, [opcode, "x"], [PING, ""]],
      [HELLO],
      PROTOCOL_ERROR,
    ),
  ];
});

const FIRST: Part = [TEXT, "fragment1", { fin: false }];
const LAST: Part = [CONTINUATION, "fragment2"];
const WHOLE: Part = [TEXT, "fragment1fragment2"];
const MORE: Part = [CONTINUATION, "fragmentX", { fin: false }];

const fragments: Case[] = [
  ...frames("5.1", "a Ping in two fragments", [[PING, "a", { fin: false }], LAST], [], PROTOCOL_ERROR),
  ...frames("5.2", "a Pong in two fragments", [[PONG, "a", { fin: false }], LAST], [], PROTOCOL_ERROR),
  ...frames("5.3", "text in two fragments", [FIRST, LAST], [WHOLE]),
  ...frames("5.6", "text in two fragments, a Ping between", [FIRST, [PING, "ping"], LAST], [[PONG, "ping"], WHOLE]),
  ...frames("5.9", "a continuation of nothing, and text", [LAST, HELLO], [], PROTOCOL_ERROR),
  ...frames("5.12", "a first continuation of nothing, and text", [MORE, HELLO], [], PROTOCOL_ERROR),
  ...frames(
    "5.15",
    "text in two fragments, a continuation of nothing, and text",
    [FIRST, LAST, MORE, HELLO],
    [WHOLE],
    PROTOCOL_ERROR,
  ),
  ...frames("5.16", "a continuation of nothing, and text, twice", [MORE, HELLO, MORE, HELLO], [], PROTOCOL_ERROR),
  ...frames("5.17", "a last continuation of nothing, and text, twice", [LAST, HELLO, LAST, HELLO], [], PROTOCOL_ERROR),
  ...frames("5.18", "text within text", [FIRST, [TEXT, "fragment2"]], [], PROTOCOL_ERROR),
  ...frames(
    "5.19",
    "text in five fragments, Pings between",
    [FIRST, MORE, [PING, "1"], MORE, MORE, [PING, "2"], LAST],
    [[PONG, "1"], [PONG, "2"], [TEXT, "fragment1fragmentXfragmentXfragmentXfragment2"]],
  ),
];

const NO_STATUS: Case = {
  id: "7.3.1",
  what: "a Close without payload",
  async run(peer) {
    await peer.send(CLOSE);
    await peer.expectClose(null);
  },
};

function close(id: string, what: string, payload: Uint8Array, answer: number, before: Part[] = [], echo: Part[] = []) {
  return frames(id, what, [...before, [CLOSE, payload]], echo, answer);
}

function closePayload(code: number, reason: string | Uint8Array = ""): Uint8Array {
  return Uint8Array.of(code >> 8, code & 0xff, ...bytesOf(reason));
}

const VALID_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const INVALID_CODES = [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535];

const closings: Case[] = [
  ...close("7.1.1", "text, then a Close", closePayload(1000), 1000, [HELLO], [HELLO]),
  ...frames("7.1.2", "two Closes", [[CLOSE, closePayload(1000)], [CLOSE, closePayload(1001)]], [], 1000),
  ...frames("7.1.3", "a Ping after a Close", [[CLOSE, closePayload(1000)], [PING, ""]], [], 1000),
  ...frames("7.1.4", "text after a Close", [[CLOSE, closePayload(1000)], HELLO], [], 1000),
  ...frames("7.1.5", "a Close within text", [FIRST, [CLOSE, closePayload(1000)], LAST], [], 1000),
  {
    id: "7.1.6",
    what: "256 KiB of text, then a Close and a Ping",
    async run(peer) {
      await peer.send(TEXT, pattern(256 * KiB));
      await peer.send(CLOSE, closePayload(1000));
      await peer.send(PING);
      await peer.expect(TEXT, pattern(256 * KiB));
      await peer.expectClose(1000);
    },
  },
  NO_STATUS,
  ...close("7.3.2", "a Close with one byte", Uint8Array.of(3), PROTOCOL_ERROR),
  ...close("7.3.3", "a Close with a code", closePayload(1000), 1000),
  ...close("7.3.4", "a Close with a reason", closePayload(1000, "Hello, world!"), 1000),
  ...close("7.3.5", "a Close with a reason of 123 bytes", closePayload(1000, pattern(123)), 1000),
  ...close("7.3.6", "a Close with a reason of 124 bytes", closePayload(1000, pattern(124)), PROTOCOL_ERROR),
  ...close(
    "7.5.1",
    "a Close whose reason is not valid UTF-8",
    closePayload(1000, hex("ce ba ed a0 80")),
    INVALID_PAYLOAD,
  ),
  ...VALID_CODES.flatMap((code) => close(`7.7 code ${code}`, "a code that may be sent", closePayload(code), code)),
  ...INVALID_CODES.flatMap((code) =>
    close(`${code < 5000 ? "7.9" : "7.13"} code ${code}`, "a code that may not", closePayload(code), PROTOCOL_ERROR)
  ),
];

const bigMessages: Case[] = [TEXT, BINARY].flatMap((opcode) => {
  const [whole, fragmented, chopped] = opcode === TEXT ? ["9.1", "9.3", "9.5"] : ["9.2", "9.4", "9.6"];
  return [
    ...[64 * KiB, 256 * KiB, MiB, 4 * MiB, 8 * MiB, 16 * MiB]
      .map((length, i) => echoed(`${whole}.${i + 1}`, opcode, length, Infinity, 0)),
    ...[64, 256, KiB, 4 * KiB, 16 * KiB, 64 * KiB, 256 * KiB, MiB, 4 * MiB]
      .map((fragment, i) => echoed(`${fragmented}.${i + 1}`, opcode, 4 * MiB, fragment, 0)),
    ...[64, 128, 256, 512, KiB, 2 * KiB]
      .map((chop, i) => echoed(`${chopped}.${i + 1}`, opcode, MiB, Infinity, chop)),
  ];
});

const roundTrips: Case[] = [TEXT, BINARY].flatMap((opcode) =>
  [0, 16, 64, 256, KiB, 4 * KiB].map((length, i) => ({
    id: `9.${opcode === TEXT ? 7 : 8}.${i + 1}`,
    what: `a thousand messages of ${length} bytes, each after the answer to the one before`,
    async run(peer) {
      const payload = pattern(length);
      for (let count = 0; count < 1000; count++) {
        await peer.send(opcode, payload);
        await peer.expect(opcode, payload);
      }
      await peer.expectCleanEnd();
    },
  }))
);

/** Everything but the texts of family 6, which have a file of their own. */
export const cases: readonly Case[] = [
  ...lengths,
  ...pings,
  ...reservedBits,
  ...reservedOpcodes,
  ...fragments,
  ...closings,
  ...bigMessages,
  ...roundTrips,
  echoed("10.1.1", TEXT, 65_536, 1300, 0),
];
