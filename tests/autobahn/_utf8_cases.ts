import type { Case } from "./_cases.ts";
import { type Fuzzer, utf8 } from "./_fuzzer.ts";

const TEXT = 1;
const INVALID_PAYLOAD = 1007;

/** The ends of every length of UTF-8, and what lies around those code points that are special. */
const VALID_POINTS = [
  0x00,
  0x7f,
  0x80,
  0x7ff,
  0x800,
  0xd7ff,
  0xe000,
  0xfdd0,
  0xfdef,
  0xfeff,
  0xfffd,
  0xfffe,
  0xffff,
  0x10000,
  0x1fffe,
  0x1ffff,
  0x2fffe,
  0x3ffff,
  0xffffe,
  0xfffff,
  0x10fffe,
  0x10ffff,
];

const VALID: string[] = [
  "",
  "Hello-µ@ßöäüàá-UTF-8!!",
  "κόσμε",
  "日本語テキスト",
  "😀👩‍👩‍👧‍👦",
  ...VALID_POINTS.map((point) => String.fromCodePoint(point)),
];

/** Bytes that no text begins with; what is before the bar is a text's beginning that is still right. */
const INVALID: readonly (readonly [valid: string, wrong: string, what: string])[] = [
  ["", "80", "a lone continuation"],
  ["", "bf", "the last lone continuation"],
  ["cebae1bdb9cf83cebcceb5", "80", "a continuation after text"],
  ["cebae1bdb9cf83cebcceb5", "eda080", "a surrogate after text"],
  ["", "c080", "an overlong NUL"],
  ["", "c1bf", "the last overlong of two bytes"],
  ["", "e08080", "an overlong NUL of three bytes"],
  ["", "e09fbf", "the last overlong of three bytes"],
  ["", "f0808080", "an overlong NUL of four bytes"],
  ["", "f08fbfbf", "the last overlong of four bytes"],
  ["", "eda080", "the first surrogate"],
  ["", "edafbf", "the last high surrogate"],
  ["", "edb080", "the first low surrogate"],
  ["", "edbfbf", "the last surrogate"],
  ["", "eda080edb080", "a pair of surrogates"],
  ["", "f4908080", "the first above U+10FFFF"],
  ["", "f5808080", "a first byte that is too high"],
  ["", "f888808080", "a form of five bytes"],
  ["", "fc8480808080", "a form of six bytes"],
  ["", "fe", "the byte FE"],
  ["", "ff", "the byte FF"],
  ["c3", "28", "a sequence of two that is cut short"],
  ["e282", "28", "a sequence of three that is cut short"],
  ["f09f98", "28", "a sequence of four that is cut short"],
  ["e2", "e2", "a first byte where a continuation is due"],
];

/** Beginnings of sequences: valid as long as more may come, invalid at the end of a message. */
const INCOMPLETE = ["c3", "df", "e1", "e282", "ef", "efbf", "f0", "f09f", "f09f98", "f4", "f48f", "f48fbf"];

async function echoes(peer: Fuzzer, payload: Uint8Array): Promise<void> {
  await peer.expect(TEXT, payload);
  await peer.expectCleanEnd();
}

const valid: Case[] = VALID.flatMap((text, i) => {
  const payload = utf8(text);
  return [
    {
      id: `6.2 text ${i}`,
      what: JSON.stringify(text),
      async run(peer) {
        await peer.send(TEXT, payload);
        await echoes(peer, payload);
      },
    },
    {
      id: `6.2 text ${i} in octets`,
      what: `${JSON.stringify(text)}, a byte a fragment`,
      async run(peer) {
        await peer.sendFragments(TEXT, payload, 1);
        await echoes(peer, payload);
      },
    },
  ];
});

/** Invalid text must be refused at the byte that makes it invalid: nothing is sent after that. */
const failFast: Case[] = INVALID.flatMap(([start, wrong, what]) => {
  const bytes = Uint8Array.fromHex(start + wrong);
  const certain = Uint8Array.fromHex(start + wrong).subarray(0, firstWrong(bytes));
  return [
    {
      id: `6.3 ${start}|${wrong}`,
      what,
      async run(peer) {
        await peer.send(TEXT, bytes);
        await peer.expectClose(INVALID_PAYLOAD);
      },
    },
    {
      id: `6.4.1 ${start}|${wrong}`,
      what: `${what}, a byte a fragment, and the message never ends`,
      async run(peer) {
        for (let i = 0; i < certain.length; i++) {
          await peer.send(i === 0 ? TEXT : 0, certain.subarray(i, i + 1), { fin: false });
        }
        await peer.expectClose(INVALID_PAYLOAD);
      },
    },
    {
      id: `6.4.3 ${start}|${wrong}`,
      what: `${what}, within a frame that never ends`,
      async run(peer) {
        await peer.sendPart(TEXT, certain, certain.length + 100);
        await peer.expectClose(INVALID_PAYLOAD);
      },
    },
  ];
});

/** Where bytes are no beginning of any text any more: as many as a strict decoder needs to be sure. */
function firstWrong(bytes: Uint8Array): number {
  for (let length = 1; length <= bytes.length; length++) {
    const decoder = new TextDecoder("utf-8", { fatal: true });
    try {
      decoder.decode(bytes.subarray(0, length), { stream: true });
    } catch {
      return length;
    }
  }
  throw new TypeError(`Cannot find what is wrong with ${bytes.toHex()}`);
}

const incomplete: Case[] = INCOMPLETE.flatMap((start) => {
  const bytes = Uint8Array.fromHex(start);
  return [
    {
      id: `6.6 ${start}`,
      what: "a sequence that the message's end cuts",
      async run(peer) {
        await peer.send(TEXT, bytes);
        await peer.expectClose(INVALID_PAYLOAD);
      },
    },
    {
      id: `6.6 ${start} in fragments`,
      what: "the same, with the end in a fragment of its own",
      async run(peer) {
        await peer.send(TEXT, bytes, { fin: false });
        await peer.send(0);
        await peer.expectClose(INVALID_PAYLOAD);
      },
    },
  ];
});

const emptyFragments: Case[] = [[""], ["", "", ""], ["", "middle", ""]].map((parts, i) => ({
  id: `6.1.${i + 1}`,
  what: `text in the fragments ${JSON.stringify(parts)}`,
  async run(peer) {
    for (const [j, part] of parts.entries()) {
      await peer.send(j === 0 ? TEXT : 0, utf8(part), { fin: j === parts.length - 1 });
    }
    await echoes(peer, utf8(parts.join("")));
  },
}));

/** Family 6: text that is UTF-8, and text that isn't. */
export const utf8Cases: readonly Case[] = [...emptyFragments, ...valid, ...failFast, ...incomplete];
