import { assert, assertEquals, assertFalse } from "@std/assert";
import { Utf8Validator } from "../../protocol.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { concat, cut, frameFor } from "../support/frames.ts";
import { Random } from "../support/random.ts";

const encoder = new TextEncoder();

// [bytes in hex, how many of them are needed to be certain]. The table of RFC 3629 §4, and what Autobahn's section 6
// sends.
const INVALID: readonly (readonly [bytes: string, certain: number])[] = [
  ["80", 1],
  ["bf", 1],
  ["4180", 2],
  ["c3a980", 3],
  ["c0", 1],
  ["c080", 1],
  ["c1bf", 1],
  ["c220", 2],
  ["c2c2", 2],
  ["dfff", 2],
  ["c300", 2],
  ["e08080", 2],
  ["e09fbf", 2],
  ["e0c0", 2],
  ["e12080", 2],
  ["e18020", 3],
  ["e180c0", 3],
  ["e1ff", 2],
  ["eda080", 2],
  ["edad7f", 2],
  ["edbfbf", 2],
  ["eda080edb080", 2],
  ["ee7fbf", 2],
  ["ef8f41", 3],
  ["f0808080", 2],
  ["f08fbfbf", 2],
  ["f09041", 3],
  ["f0908041", 4],
  ["f09080c0", 4],
  ["f17f", 2],
  ["f180ff", 3],
  ["f4908080", 2],
  ["f4bf", 2],
  ["f5", 1],
  ["f880808080", 1],
  ["f888808080", 1],
  ["fc8480808080", 1],
  ["fe", 1],
  ["ff", 1],
  ["cebae1bdb9cf83cebcceb5f4908080656469746564", 13],
  ["cebae1bdb9cf83cebcceb5eda080656469746564", 13],
];

// Text that ends in the middle of a character: valid until the message's last byte.
const UNFINISHED = ["c3", "e2", "e282", "f0", "f09f", "f09f98", "41c3", "cebae1bd", "f48fbf"] as const;

const VALID = [
  "",
  "\0",
  "\x7f\x80",
  "\u07ff\u0800",
  "\ud7ff\ue000",
  "\ufeff\ufffd\ufffe\uffff",
  "\u{10000}\u{10ffff}\u{3ffff}\u{40000}\u{fffff}\u{100000}",
  "κόσμε, Hello-µ@ßöäüàá-UTF-8!!",
  "\ufeffa\ufeff",
  "日本語のテキスト 😀👍🏽",
] as const;

/** How many bytes of a text message arrive, one per fragment, until the connection fails; null if it doesn't. */
function failsAfter(endpoint: Endpoint, bytes: Uint8Array): number | null {
  const { role } = endpoint.protocol;
  for (let at = 0; at < bytes.length; at++) {
    endpoint.feed([frameFor(role, at === 0 ? 0x01 : 0x00, bytes.subarray(at, at + 1))]);
    if (endpoint.events.length > 0) return at + 1;
  }
  return null;
}

const ERROR = "error WS_INVALID_UTF8 1007";

for (const role of ROLES) {
  // Row: utf8
  // RFC 6455 §8.1 MUST
  Deno.test(`receive() as ${role} fails at the first byte that can't be UTF-8, byte by byte in one frame`, () => {
    for (const [digits, certain] of INVALID) {
      for (const before of ["", "a", "é€😀", "a".repeat(60)]) {
        const start = encoder.encode(before);
        const payload = concat([start, Uint8Array.fromHex(digits), encoder.encode("after")]);
        const bytes = frameFor(role, 0x81, payload);
        const header = bytes.length - payload.length;
        const endpoint = new Endpoint(role);
        const enough = header + start.length + certain;
        endpoint.feed(cut(bytes.subarray(0, enough - 1), 1));
        assertEquals(endpoint.events, [], `${digits} after ${before}, too early`);
        endpoint.feed([bytes.subarray(enough - 1, enough)]);
        assertEquals(endpoint.events, [ERROR], `${digits} after ${before}`);
        assertEquals(endpoint.sent()[0].slice(0, 10), "close 1007");
      }
    }
  });

  // Row: utf8
  // RFC 6455 §5.6 MUST
  Deno.test(`receive() as ${role} fails at the first byte that can't be UTF-8, across fragments`, () => {
    for (const [digits, certain] of INVALID) {
      const endpoint = new Endpoint(role);
      assertEquals(failsAfter(endpoint, Uint8Array.fromHex(digits + "61")), certain, digits);
      assertEquals(endpoint.events, [ERROR]);
    }
  });

  Deno.test(`receive() as ${role} refuses text that is not valid UTF-8 in a frame that arrives whole`, () => {
    for (const [digits] of INVALID) {
      for (const padding of [0, 100]) {
        const endpoint = new Endpoint(role);
        const text = concat([new Uint8Array(padding).fill(0x61), Uint8Array.fromHex(digits)]);
        endpoint.feed([frameFor(role, 0x81, text)]);
        assertEquals(endpoint.events, [ERROR], digits);
      }
    }
  });

  Deno.test(`receive() as ${role} refuses text that ends in the middle of a character, at its end`, () => {
    for (const digits of UNFINISHED) {
      const bytes = Uint8Array.fromHex(digits);
      const whole = new Endpoint(role);
      whole.feed([frameFor(role, 0x81, bytes)]);
      assertEquals(whole.events, [ERROR], digits);

      const fragmented = new Endpoint(role);
      assertEquals(failsAfter(fragmented, bytes), null, digits);
      fragmented.feed([frameFor(role, 0x00), frameFor(role, 0x89, "a")]);
      assertEquals(fragmented.events, ["ping 61"], digits);
      fragmented.feed([frameFor(role, 0x80)]);
      assertEquals(fragmented.events, ["ping 61", ERROR], digits);
    }
  });

  Deno.test(`receive() as ${role} refuses a run of ASCII after an unfinished character at its first byte`, () => {
    // 70 bytes are looked through by words, and 5,000 are read directly into the message.
    for (const run of [1, 5, 70, 5000]) {
      const ascii = new Uint8Array(run).fill(0x61);
      const endpoint = new Endpoint(role);
      const frames = [frameFor(role, 0x01, Uint8Array.of(0xe2, 0x82)), frameFor(role, 0x80, ascii)];
      const header = frames[1].length - run;
      endpoint.feed([frames[0], frames[1].subarray(0, header)], "readBuffer");
      assertEquals(endpoint.events, [], `${run} bytes`);
      endpoint.feed([frames[1].subarray(header, header + 1)], "readBuffer");
      assertEquals(endpoint.events, [ERROR], `${run} bytes`);
    }
  });

  Deno.test(`receive() as ${role} refuses invalid UTF-8 in the middle of a large frame as it arrives`, () => {
    for (const place of [0, 4096, 70_000, 150_001]) {
      const text = new Uint8Array(200_000).fill(0x61);
      text[place] = 0xff;
      const bytes = frameFor(role, 0x81, text);
      const header = bytes.length - text.length;
      const endpoint = new Endpoint(role);
      endpoint.feed([bytes.subarray(0, header), bytes.subarray(header, header + place)], "readBuffer");
      assertEquals(endpoint.events, [], `${place}`);
      endpoint.feed([bytes.subarray(header + place, header + place + 1)], "readBuffer");
      assertEquals(endpoint.events, [ERROR], `${place}`);
    }
  });

  Deno.test(`receive() as ${role} reads every kind of character, cut anywhere`, () => {
    for (const text of VALID) {
      const payload = encoder.encode(text);
      for (let at = 0; at <= payload.length; at++) {
        const frames = [frameFor(role, 0x01, payload.subarray(0, at)), frameFor(role, 0x80, payload.subarray(at))];
        const endpoint = new Endpoint(role);
        endpoint.feed([concat(frames), frameFor(role, 0x81, payload), ...cut(frameFor(role, 0x81, payload), 1)]);
        assertEquals(endpoint.messages, [text, text, text]);
      }
    }
  });

  Deno.test(`receive() as ${role} starts each message with a clean slate`, () => {
    const endpoint = new Endpoint(role);
    const frames = [["é", "a"], ["b", "c"], ["€", "€"], ["d", "é"]] as const;
    for (const [start, end] of frames) endpoint.feed([frameFor(role, 0x01, start), frameFor(role, 0x80, end)]);
    assertEquals(endpoint.messages, ["éa", "bc", "€€", "dé"]);
  });
}

Deno.test("receive() lets the platform decode pure ASCII, and only that", () => {
  for (const role of ROLES) {
    const endpoint = new Endpoint(role);
    for (const text of ["é".repeat(50), "a", "a".repeat(100), "a".repeat(99) + "é", "a".repeat(7000)]) {
      endpoint.feed([frameFor(role, 0x81, text), frameFor(role, 0x01, text), frameFor(role, 0x80, "b")]);
    }
    assertEquals(endpoint.messages.length, 10);
    assertEquals(endpoint.platform.asciiTexts, 6);
  }
});

Deno.test("receive() sees a single character that is not ASCII wherever it stands", () => {
  for (const role of ROLES) {
    const texts: string[] = [];
    // Lengths differ by one each time, so that the texts begin at every alignment.
    for (let length = 40; length < 76; length++) {
      for (let at = 0; at <= length; at++) texts.push("a".repeat(at) + "é" + "a".repeat(length - at));
      texts.push("");
    }
    const endpoint = new Endpoint(role);
    endpoint.feed([concat(texts.map((text) => frameFor(role, 0x81, text)))]);
    assertEquals(endpoint.messages, texts);
  }
});

Deno.test("receive() does not check binary messages as text", () => {
  for (const role of ROLES) {
    const endpoint = new Endpoint(role);
    const bytes = Uint8Array.of(0xff, 0xc0, 0x80, 0xed, 0xa0, 0x80);
    endpoint.feed([frameFor(role, 0x82, bytes), frameFor(role, 0x02, bytes), frameFor(role, 0x80, bytes)]);
    assertEquals(endpoint.messages, [bytes, concat([bytes, bytes])]);
  }
});

Deno.test("sendText() and receive() carry every code point there and back", () => {
  const client = new Endpoint("client");
  const server = new Endpoint("server");
  const points = Array.from({ length: 0x110000 / 0x3f }, (_, index) => index * 0x3f);
  const scalars = [...points, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff].filter((point) =>
    point < 0xd800 || point > 0xdfff
  );
  const texts = [...scalars.map((point) => String.fromCodePoint(point)), String.fromCodePoint(...scalars)];
  for (const text of texts) client.protocol.sendText(text);
  server.feed(client.writes());
  assertEquals(server.messages, texts);
});

Deno.test("push() agrees with TextDecoder on random bytes, whole and in pieces", () => {
  const seed = 20250718;
  const random = new Random(seed);
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // Bytes at the borders of RFC 3629's ranges are far more often a character than arbitrary ones are.
  const borders = [
    0x00,
    0x7f,
    0x80,
    0x8f,
    0x90,
    0x9f,
    0xa0,
    0xbf,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xe1,
    0xed,
    0xef,
    0xf0,
    0xf4,
  ];
  for (let round = 0; round < 30_000; round++) {
    const length = random.next(9);
    const bytes = Uint8Array.from({ length }, () => random.next(4) === 0 ? random.next(256) : random.pick(borders));
    const validator = new Utf8Validator();
    const valid = random.cut(bytes, 4).every((piece) => validator.push(piece, 0, piece.length)) && validator.complete;
    assertEquals(valid, isUtf8(decoder, bytes), `seed ${seed}, round ${round}: ${bytes.toHex()}`);
  }
});

Deno.test("push() fails exactly at the byte after which no continuation could be valid", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  // A start is still possible if one of these finishes it.
  const ends = ["", "80", "8080", "808080", "bf", "bf80", "9080", "908080"].map((end) => Uint8Array.fromHex(end));
  const seconds = [0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff];
  for (let first = 0; first < 256; first++) {
    for (const second of seconds) {
      const bytes = Uint8Array.of(first, second);
      const possible = ends.some((end) => isUtf8(decoder, concat([bytes, end])));
      assertEquals(new Utf8Validator().push(bytes, 0, 2), possible, bytes.toHex());
    }
  }
});

Deno.test("push() looks at no byte outside of its range", () => {
  const validator = new Utf8Validator();
  assert(validator.push(Uint8Array.of(0xff, 0x61, 0xff), 1, 2));
  assert(validator.ascii && validator.complete);
});

Deno.test("pushAscii() fails in the middle of a character only", () => {
  const validator = new Utf8Validator();
  assert(validator.pushAscii(3));
  assert(validator.push(Uint8Array.of(0xc3), 0, 1));
  assertFalse(validator.ascii);
  assert(validator.pushAscii(0));
  assertFalse(validator.pushAscii(1));
});

Deno.test("reset() forgets what came before", () => {
  for (const digits of ["e0", "ed", "f0", "f4", "c3", "f09f"]) {
    for (const next of ["c280", "c3bf"]) {
      const validator = new Utf8Validator();
      assert(validator.push(Uint8Array.fromHex(digits), 0, digits.length / 2));
      validator.reset();
      assert(validator.complete && validator.ascii);
      assert(validator.push(Uint8Array.fromHex(next), 0, 2), `${next} after ${digits}`);
    }
  }
});

function isUtf8(decoder: TextDecoder, bytes: Uint8Array): boolean {
  try {
    decoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
