import type { PerMessageDeflateOptions } from "@wsd/driver";
import { Random } from "../support/random.ts";

/** Messages that are sent compressed, each after the echo of the one before: numbered as in Autobahn|Testsuite. */
export interface CompressedCase {
  /** The number of the suite's case. */
  readonly id: string;
  /** What is sent. */
  readonly what: string;
  /** Whether the messages are binary. */
  readonly binary: boolean;
  /** How long a fragment is, in bytes; Infinity for whole messages. */
  readonly fragment: number;
  /** The messages. */
  readonly messages: readonly Uint8Array[];
}

/** Cases that differ in the length of their messages and fragments. */
export interface CompressedFamily {
  /** The number of the suite's family. */
  readonly id: string;
  /** What the family is about. */
  readonly what: string;
  /** What is asked of our server in the offer of a client. */
  readonly asked: PerMessageDeflateOptions;
  /** What a server asks of our client in its answer. */
  readonly demanded: PerMessageDeflateOptions;
  /** Its cases. */
  readonly cases: readonly CompressedCase[];
}

/** The suite sends a thousand messages of each length; here a number of bytes is sent, but at least this many messages. */
const BYTES = 128 * 1024;
const FEWEST = 3;
const MOST = 100;

/** The length of messages and of fragments, in bytes, in the suite's order. */
const SIZES: readonly (readonly [length: number, fragment: number])[] = [
  ...[16, 64, 256, 1024, 4096, 8192, 16_384, 32_768, 65_536, 131_072].map((length) => [length, Infinity] as const),
  ...[8192, 16_384, 32_768, 65_536, 131_072].map((length) => [length, 256] as const),
  ...[1024, 4096, 32_768].map((fragment) => [131_072, fragment] as const),
];

/** Longer than the longest message, so that no two are the same. */
const DATA_LENGTH = 200_000;

const WORDS = "Habe nun ach Philosophie Juristerei und Medizin durchaus studiert mit heißem Bemühn da steh ich".split(
  " ",
);

/** What is sent: of the kinds that the suite sends, and made here. Text is ASCII, so that it can be cut anywhere. */
const DATA = {
  JSON: ascii((random) => `{"id":${random.next(1e6)},"name":"${random.next(1e9).toString(36)}","tags":["a","b"]},`),
  "a picture": bytes((random, i) => (i >> 9) + (i & 127) + random.next(4)),
  prose: utf8((random) => `${random.pick(WORDS)}${random.pick([" ", " ", " ", ", ", ".\n"])}`),
  HTML: ascii((random) => `<tr><td class="n">${random.next(1000)}</td><td>${random.pick(["yes", "no"])}</td></tr>\n`),
  "what is compressed already": bytes((random) => random.next(256)),
} as const;

function utf8(part: (random: Random) => string): Uint8Array {
  const random = new Random(1);
  let text = "";
  while (text.length < DATA_LENGTH) text += part(random);
  return new TextEncoder().encode(text);
}

function ascii(part: (random: Random) => string): Uint8Array {
  return utf8(part).subarray(0, DATA_LENGTH);
}

function bytes(at: (random: Random, index: number) => number): Uint8Array {
  const random = new Random(1);
  return Uint8Array.from({ length: DATA_LENGTH }, (_, i) => at(random, i));
}

/** Cuts one message after another out of the data, which starts over at its end. */
function cut(data: Uint8Array, length: number): Uint8Array[] {
  const count = Math.min(MOST, Math.max(FEWEST, Math.ceil(BYTES / length)));
  const endless = new Uint8Array(data.length + length);
  endless.set(data);
  endless.set(data.subarray(0, length), data.length);
  return Array.from({ length: count }, (_, i) => {
    const start = (i * length) % data.length;
    return endless.subarray(start, start + length);
  });
}

function family(
  id: string,
  about: string,
  name: keyof typeof DATA,
  asked: PerMessageDeflateOptions,
  demanded: PerMessageDeflateOptions,
): CompressedFamily {
  const binary = name !== "JSON" && name !== "HTML";
  const cases = SIZES.map(([length, fragment], i) => {
    const messages = cut(DATA[name], length);
    const frames = fragment === Infinity ? "whole" : `in fragments of ${fragment}`;
    return {
      id: `${id}.${i + 1}`,
      what: `${messages.length} × ${length} bytes, ${frames}`,
      binary,
      fragment,
      messages,
    };
  });
  return { id, what: `${name}, ${about}`, asked, demanded, cases };
}

const byData = Object.keys(DATA).map((name, i) =>
  family(`12.${i + 1}`, "nothing asked for", name as keyof typeof DATA, {}, {})
);

/** By parameters: each is asked of a server for what it sends, and of a client for what that sends. */
const PARAMETERS: readonly (readonly [about: string, noContextTakeover: boolean, maxWindowBits: number | undefined])[] =
  [
    ["nothing asked for", false, undefined],
    ["no context takeover", true, undefined],
    ["a window of 9 bits", false, 9],
    ["a window of 15 bits", false, 15],
    ["no context takeover, a window of 8 bits", true, 8],
    ["no context takeover, a window of 15 bits", true, 15],
  ];

const byParameters = PARAMETERS.map(([about, noContextTakeover, maxWindowBits], i) =>
  family(
    `13.${i + 1}`,
    about,
    "JSON",
    { serverNoContextTakeover: noContextTakeover, serverMaxWindowBits: maxWindowBits },
    { clientNoContextTakeover: noContextTakeover, clientMaxWindowBits: maxWindowBits },
  )
);

/** Families 12.1 to 12.5 and 13.1 to 13.6: one offer. */
export const families: readonly CompressedFamily[] = [...byData, ...byParameters];

/** Family 13.7: several offers, of which the first that can be kept is the one to answer. */
export const severalOffers: CompressedFamily = family("13.7", "three offers", "JSON", {}, {});
