import { assert, assertEquals, assertFalse, assertLess } from "@std/assert";
import { deflateRawSync } from "node:zlib";
import { setImmediate } from "node:timers";
import { DeflateEngine } from "../../src/deflate/engine.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { cut, frameFor, pattern, readFrames } from "../support/frames.ts";
import { concat } from "../support/frames.ts";
import { Random } from "../support/random.ts";
import { testVectors, type Vector, violation } from "../support/vectors.ts";
import { makeDeflate, randomMessage, zlibEncode } from "./_pair.ts";

const LIMIT = 1000;

/** The next turn of the event loop, after the immediates that wait. */
const turn = () => new Promise<void>((resolve) => void setImmediate(resolve));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await turn();
}

const inHex = (payload: Uint8Array) => {
  const { length } = payload;
  return `${
    length < 126 ? length.toString(16).padStart(2, "0") : `7e${length.toString(16).padStart(4, "0")}`
  } ${payload.toHex()}`;
};
const noise = (length: number) => new Random(length).bytes(length);

const VECTORS: readonly Vector[] = [
  // RFC 7692 §6.2 MUST compressed
  // RFC 7692 §7.2.2 Text
  { does: "inflates one frame", frames: "c1 07 f248cdc9c90700", events: ["text Hello"] },
  {
    does: "inflates fragments with control frames between them",
    frames: "41 03 f248cd | 89 01 61 | 00 00 | 00 03 c9c907 | 8a 00 | 80 01 00",
    events: ["ping 61", "pong", "text Hello"],
    sent: ["pong 61"],
  },
  {
    // RFC 7692 §6.2 MUST plain
    does: "keeps the window from one message to the next, past one that is not compressed",
    frames: "c1 07 f248cdc9c90700 | 81 01 61 | c1 05 f200110000",
    events: ["text Hello", "text a", "text Hello"],
  },
  {
    does: "takes blocks without compression, final blocks and several blocks",
    frames: "c1 0b 000500faff48656c6c6f00 | c1 08 f348cdc9c9070000 | c1 0d f248050000 00ffffcac9c90700".replace(
      " 00ff",
      "00ff",
    ),
    events: ["text Hello", "text Hello", "text Hello"],
  },
  {
    // RFC 7692 §7.2.3.6 Text
    does: "takes empty messages",
    frames: "c1 01 00 | c2 02 0200 | c1 00 | 41 00 | 80 01 00",
    events: ["text", "binary", "text", "text"],
  },
  // RFC 7692 §6.1 MUST rsv1-continuation
  { does: "refuses RSV1 on a continuation", frames: "41 03 f248cd | c0 04 c9c90700", ...violation("RESERVED_BIT") },
  // RFC 7692 §6.1 MUST rsv1-control
  { does: "refuses RSV1 on a Ping", frames: "c9 01 00", ...violation("RESERVED_BIT") },
  { does: "refuses RSV1 on a Pong", frames: "ca 00", ...violation("RESERVED_BIT") },
  { does: "refuses RSV1 on a Close", frames: "c8 00", ...violation("RESERVED_BIT") },
  { does: "refuses RSV2 beside RSV1", frames: "e1 07 f248cdc9c90700", ...violation("RESERVED_BIT") },
  { does: "refuses data that is not DEFLATE", frames: "c1 02 0700", ...violation("INVALID_COMPRESSED_DATA", 1007) },
  { does: "refuses data that is cut off", frames: "c1 04 f248cdc9", ...violation("INVALID_COMPRESSED_DATA", 1007) },
  {
    does: "refuses text that inflates to invalid UTF-8",
    frames: `c1 ${inHex(zlibEncode(Uint8Array.of(0x61, 0xff)))}`,
    ...violation("INVALID_UTF8", 1007),
  },
  {
    does: "takes a message of the limit that does not compress",
    frames: `c2 ${inHex(zlibEncode(noise(LIMIT)))}`,
    events: [`binary of ${LIMIT} bytes, #${checksum(noise(LIMIT))}`],
  },
  {
    does: "takes a message of the limit that was stored in small blocks",
    frames: `c2 ${
      inHex(concat([
        ...cut(noise(LIMIT), 50).map((part) => concat([Uint8Array.of(0, 50, 0, 205, 255), part])),
        Uint8Array.of(0),
      ]))
    }`,
    events: [`binary of ${LIMIT} bytes, #${checksum(noise(LIMIT))}`],
  },
  {
    // Row: bomb
    does: "stops at one byte above the limit",
    frames: `c2 ${inHex(zlibEncode(new Uint8Array(LIMIT + 1)))}`,
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
  {
    does: "stops at one stored byte above the limit",
    frames: `c2 ${inHex(zlibEncode(noise(LIMIT + 1)))}`,
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
  {
    does: "stops at the limit in a message of fragments",
    frames: `42 00 | 00 ${inHex(zlibEncode(new Uint8Array(100_000)))} | 80 00`,
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
  {
    does: "refuses a payload far above the limit by its header",
    frames: "42 7e1000",
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
  {
    does: "refuses a message above the limit that is not compressed, by its header",
    frames: "82 7e03e9",
    ...violation("MESSAGE_TOO_LONG", 1009),
  },
];

testVectors(VECTORS.map((each) => ({
  ...each,
  does: `with permessage-deflate ${each.does}`,
  options: { maxLength: LIMIT },
  extension: (role) => makeDeflate(role),
})));

function checksum(bytes: Uint8Array): number {
  let sum = 1;
  for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
  return sum;
}

const BOMB = deflateRawSync(new Uint8Array(300 * 2 ** 20));

for (const role of ROLES) {
  for (const size of [BOMB.length, 4096]) {
    // Row: bomb
    Deno.test(`PerMessageDeflate on a ${role} stops a bomb in frames of ${size} bytes at maxLength`, async () => {
      const maxLength = 2 ** 20;
      const endpoint = new Endpoint(role, { extension: makeDeflate(role), maxLength });
      const before = Deno.memoryUsage().external;
      const parts = cut(BOMB, size);
      for (const [index, part] of parts.entries()) {
        const first = (index === 0 ? 0x42 : 0) + (index === parts.length - 1 ? 0x80 : 0);
        endpoint.protocol.receive(frameFor(role, first, part));
      }
      await until(() => endpoint.events.length > 0);
      assertEquals(endpoint.events, ["error WS_MESSAGE_TOO_LONG 1009"]);
      assertLess(Deno.memoryUsage().external - before, 32 * maxLength);
    });
  }

  Deno.test(`PerMessageDeflate on a ${role} keeps the order while long messages are processed in turns`, async () => {
    const sender = new Endpoint(role, { extension: makeDeflate(role) });
    const receiver = new Endpoint(role === "client" ? "server" : "client", {
      extension: makeDeflate(role === "client" ? "server" : "client"),
    });
    const sent: number[] = [];
    const random = new Random(4);
    const messages = [100, 500_000, 0, 70_000, 10, 2_000_000, 3].map((length) => randomMessage(random, length));
    for (const [index, message] of messages.entries()) sender.protocol.sendBinary(message, index !== 4);
    sender.protocol.sendClose(1000, "Done");
    await until(() =>
      sender.protocol.queued > 0 && sender.protocol.state === "closing" && (collect(), sent.at(-1) === 0x88)
    );
    assertEquals(sent.map((first) => first & 0x40), [0x40, 0x40, 0x40, 0x40, 0, 0x40, 0x40, 0]);
    await until(() => receiver.events.some((event) => event.startsWith("close")));
    assertEquals(receiver.messages.map((message) => message.length), messages.map(({ length }) => length));
    assert(receiver.messages.every((message, index) => equal(message as Uint8Array, messages[index])));
    assertEquals(receiver.events.at(-1), "close 1000 Done");

    function collect(): void {
      const bytes = concat(sender.writes());
      sent.push(...readFrames(bytes).map(({ first }) => first));
      receiver.protocol.receive(bytes);
    }
  });

  Deno.test(`PerMessageDeflate on a ${role} yields to the event loop while it works`, async () => {
    const extension = makeDeflate(role);
    const message = randomMessage(new Random(8), 2 ** 20);
    let turns = 0;
    let working = true;
    const count = async () => {
      for (; working; turns++) await turn();
    };
    const counted = count();
    const encoded = await extension.encode(message);
    const toEncode = turns;
    assert(equal(await extension.decode(encoded, 2 ** 20), message));
    working = false;
    await counted;
    assert(toEncode >= 20, `${toEncode}`);
    assert(turns - toEncode >= 3, `${turns - toEncode}`);
  });

  // Row: compressed-churn
  Deno.test(`PerMessageDeflate on a ${role} frees its memory at close, also in the middle of a message`, async () => {
    const extension = makeDeflate(role);
    assertEquals(extension.memory, 0);
    const long = randomMessage(new Random(8), 2 ** 20);
    extension.decode(zlibEncode(pattern(40_000)), 2 ** 20);
    assertLess(extension.memory, 73 * 1024);
    let answers = 0;
    Promise.resolve(extension.encode(long)).then(() => answers++);
    Promise.resolve(extension.decode(zlibEncode(long), 2 ** 20)).then(() => answers++);
    assertLess(extension.memory, 266 * 1024);
    extension.close();
    assertEquals(extension.memory, 0);
    for (let i = 0; i < 100; i++) await turn();
    assertEquals(answers, 0);
  });

  Deno.test(`PerMessageDeflate on a ${role} is closed with its protocol, and when that fails`, () => {
    for (const end of ["close", "fail"] as const) {
      const extension = makeDeflate(role);
      const endpoint = new Endpoint(role, { extension });
      endpoint.protocol.sendText("Hello");
      endpoint.protocol.receive(frameFor(role, 0xc1, zlibEncode(pattern(100).map((byte) => byte & 0x7f))));
      assert(extension.memory > 100_000);
      endpoint.protocol.sendBinary(new Uint8Array(2 ** 20));
      if (end === "close") endpoint.protocol.close();
      else endpoint.protocol.receive(frameFor(role, 0x83));
      assertEquals(extension.memory, 0, end);
    }
  });

  Deno.test(`PerMessageDeflate on a ${role} compresses from the threshold on, if asked to`, () => {
    const endpoint = new Endpoint(role, { extension: makeDeflate(role, {}, { threshold: 10 }) });
    endpoint.protocol.sendText("a".repeat(9));
    endpoint.protocol.sendText("a".repeat(10));
    endpoint.protocol.sendText("a".repeat(10), false);
    endpoint.protocol.sendBinary(new Uint8Array(10));
    assertEquals(readFrames(concat(endpoint.writes())).map(({ first }) => first), [0x81, 0xc1, 0x81, 0xc2]);
  });

  Deno.test(`PerMessageDeflate on a ${role} uses as much memory as documented`, async () => {
    const rows = [[15, 8, 192, 71], [15, 9, 256, 71], [12, 8, 108, 43], [10, 5, 43, 40], [8, 1, 33, 40]];
    for (const [windowBits, memLevel, toCompress, toInflate] of rows) {
      const windows = { serverMaxWindowBits: windowBits, clientMaxWindowBits: windowBits };
      const extension = makeDeflate(role, windows, { memLevel }, new DeflateEngine());
      for (let i = 0; i < 100; i++) await extension.encode(noise(1000));
      assertEquals(Math.round(extension.memory / 1024), toCompress, `${windowBits} ${memLevel}`);
      const compressing = extension.memory;
      await extension.decode(zlibEncode(noise(1000)), 1000);
      assertEquals(Math.round((extension.memory - compressing) / 1024), toInflate, `${windowBits} ${memLevel}`);
      extension.close();
    }
  });
}

Deno.test("PerMessageDeflate processes a burst in turns once it has produced 256 KiB", async () => {
  const endpoint = new Endpoint("server", { extension: makeDeflate("server", { clientNoContextTakeover: true }) });
  const frame = frameFor("server", 0xc2, zlibEncode(new Uint8Array(100_000)));
  endpoint.protocol.receive(concat(Array(50).fill(frame)));
  assertLess(endpoint.messages.length, 10);
  assert(endpoint.protocol.blocked);
  await until(() => endpoint.messages.length === 50);
  assertFalse(endpoint.protocol.blocked);
});

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
