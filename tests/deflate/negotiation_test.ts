import { assertEquals, assertThrows } from "@std/assert";
import { formatExtensions, parseExtensions } from "../../src/handshake/extension_list.ts";
import { answerOffers, checkAnswer, makeOffers } from "../../src/deflate/negotiation.ts";
import { checkDeflateOptions, type PerMessageDeflateOptions } from "../../src/deflate/options.ts";

const NAME = "permessage-deflate";

/** The answer of a server to an offer, null if it declines. */
function answer(offer: string, options: PerMessageDeflateOptions = {}): string | null {
  const answered = answerOffers(parseExtensions(offer), checkDeflateOptions(options)!);
  return answered === null ? null : formatExtensions([answered.response]);
}

/** What a client makes of a response to its own offers. */
function check(response: string, options: PerMessageDeflateOptions = {}) {
  return checkAnswer(parseExtensions(response), makeOffers(checkDeflateOptions(options)!));
}

const ANSWERS: readonly [what: string, offer: string, options: PerMessageDeflateOptions, answer: string | null][] = [
  ["a bare offer", NAME, {}, NAME],
  ["another extension", "x-webkit-deflate-frame", {}, null],
  ["a name in another case, which is another name", "Permessage-Deflate", {}, null],
  ["server_no_context_takeover", `${NAME}; server_no_context_takeover`, {}, `${NAME}; server_no_context_takeover`],
  ["client_no_context_takeover", `${NAME}; client_no_context_takeover`, {}, `${NAME}; client_no_context_takeover`],
  ["a server's own wish without one of the client's", NAME, {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    serverMaxWindowBits: 11,
  }, `${NAME}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11`],
  ["a smaller server's window", `${NAME}; server_max_window_bits=10`, {}, `${NAME}; server_max_window_bits=10`],
  ["a window in quotes", `${NAME}; server_max_window_bits="10"`, {}, `${NAME}; server_max_window_bits=10`],
  ["the smallest server's window", `${NAME}; server_max_window_bits=8`, {}, `${NAME}; server_max_window_bits=8`],
  ["the server's limit below the offer's", `${NAME}; server_max_window_bits=12`, {
    serverMaxWindowBits: 9,
  }, `${NAME}; server_max_window_bits=9`],
  ["the offer's limit below the server's", `${NAME}; server_max_window_bits=9`, {
    serverMaxWindowBits: 12,
  }, `${NAME}; server_max_window_bits=9`],
  ["client_max_window_bits with no wish for it", `${NAME}; client_max_window_bits`, {}, NAME],
  ["client_max_window_bits with a wish", `${NAME}; client_max_window_bits`, {
    clientMaxWindowBits: 10,
  }, `${NAME}; client_max_window_bits=10`],
  ["a client that will do with less than the wish", `${NAME}; client_max_window_bits=9`, {
    clientMaxWindowBits: 12,
  }, `${NAME}; client_max_window_bits=9`],
  ["a client that offers 8", `${NAME}; client_max_window_bits=8`, {
    clientMaxWindowBits: 12,
  }, `${NAME}; client_max_window_bits=8`],
  ["a wish for 8, which zlib can't do", `${NAME}; client_max_window_bits`, {
    clientMaxWindowBits: 8,
  }, `${NAME}; client_max_window_bits=9`],
  // RFC 7692 §7 MUST impossible-offer
  // RFC 7692 §7.1.2.2 MUST offered-only
  ["a wish that the client can't keep", NAME, { clientMaxWindowBits: 10 }, null],
  ["a second offer that can keep it", `${NAME}, ${NAME}; client_max_window_bits`, {
    clientMaxWindowBits: 10,
  }, `${NAME}; client_max_window_bits=10`],
  [
    "the first of two good ones",
    `${NAME}; server_max_window_bits=10, ${NAME}`,
    {},
    `${NAME}; server_max_window_bits=10`,
  ],
  ["a good one behind a bad one", `${NAME}; server_max_window_bits=99, x-a, ${NAME}`, {}, NAME],
];

for (const [what, offer, options, expected] of ANSWERS) {
  // RFC 6455 §4.2.2 MUST extensions
  // RFC 6455 §9 MUST offered-only
  // RFC 7692 §5 MUST accept
  // RFC 7692 §7.1.1.1 SHOULD
  Deno.test(`answerOffers() answers ${what}`, () => assertEquals(answer(offer, options), expected));
}

const BAD_BITS = ["0", "7", "16", "99", '"08"', "08", "1e1", "-1", "015", "8.0", "+9", "a"];
const BAD_PARAMETERS = [
  ...BAD_BITS.flatMap((bits) => [`server_max_window_bits=${bits}`, `client_max_window_bits=${bits}`]),
  "server_no_context_takeover=true",
  "client_no_context_takeover=1",
  "unknown",
  "Server_No_Context_Takeover",
  "__proto__",
  "constructor",
  "toString=1",
  "server_no_context_takeover; server_no_context_takeover",
  "client_no_context_takeover; client_no_context_takeover",
  "server_max_window_bits=10; server_max_window_bits=10",
  "client_max_window_bits=10; client_max_window_bits=10",
  "client_max_window_bits=10; client_max_window_bits",
  "server_max_window_bits",
];

for (const parameters of BAD_PARAMETERS) {
  // Row: window-bits
  // RFC 6455 §9 MUST known-parameters
  // RFC 7692 §5 MUST decline
  // RFC 7692 §7 MUST malformed-offer
  // RFC 7692 §7.1.2.1 MUST
  // RFC 7692 §7.1.2.2 MUST value
  Deno.test(`answerOffers() declines ${parameters}`, () => {
    assertEquals(answer(`${NAME}; ${parameters}`), null);
    assertEquals(answer(`${NAME}; ${parameters}, ${NAME}`), NAME);
  });

  // Row: window-bits
  // RFC 7692 §7 MUST malformed-answer
  Deno.test(`checkAnswer() refuses ${parameters}`, () => {
    assertThrows(() => check(`${NAME}; ${parameters}`), SyntaxError, "RFC 7692");
  });
}

Deno.test("answerOffers() never sees an empty value, which is not a token", () => {
  assertThrows(() => answer(`${NAME}; server_max_window_bits=`), SyntaxError);
  assertThrows(() => answer(`${NAME}; server_max_window_bits=""`), SyntaxError);
});

const OFFERS: readonly [what: string, options: PerMessageDeflateOptions, offers: string][] = [
  ["nothing", {}, `${NAME}; client_max_window_bits`],
  [
    "everything",
    {
      serverNoContextTakeover: true,
      clientNoContextTakeover: true,
      serverMaxWindowBits: 10,
      clientMaxWindowBits: 11,
    },
    `${NAME}; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; client_max_window_bits=11`,
  ],
  [
    "8 of both",
    { serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
    `${NAME}; server_max_window_bits=9; client_max_window_bits=8`,
  ],
  [
    "a window of the server, or else without",
    { serverMaxWindowBits: 10, fallback: true },
    `${NAME}; server_max_window_bits=10; client_max_window_bits, ${NAME}; client_max_window_bits`,
  ],
  [
    "no takeover of the server, or else with",
    { serverNoContextTakeover: true, fallback: true },
    `${NAME}; server_no_context_takeover; client_max_window_bits, ${NAME}; client_max_window_bits`,
  ],
  ["a fallback with nothing to leave out", { fallback: true }, `${NAME}; client_max_window_bits`],
];

for (const [what, options, offers] of OFFERS) {
  // RFC 6455 §9.1 MUST registered
  // RFC 7692 §5 MUST offer
  // RFC 7692 §7.3 SHOULD
  Deno.test(`makeOffers() offers ${what}`, () => {
    assertEquals(formatExtensions(makeOffers(checkDeflateOptions(options)!)), offers);
  });
}

// RFC 7692 §7.1.1.2 MUST
Deno.test("checkAnswer() reads what was agreed on", () => {
  assertEquals(check(NAME), {
    serverNoContextTakeover: false,
    clientNoContextTakeover: false,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  });
  assertEquals(
    check(
      `${NAME}; client_no_context_takeover; server_no_context_takeover; server_max_window_bits=8; client_max_window_bits=8`,
    ),
    { serverNoContextTakeover: true, clientNoContextTakeover: true, serverMaxWindowBits: 8, clientMaxWindowBits: 8 },
  );
});

Deno.test("checkAnswer() returns null if no compression was agreed on", () => {
  assertEquals(checkAnswer([], makeOffers(checkDeflateOptions(true)!)), null);
});

const REFUSED: readonly [what: string, options: PerMessageDeflateOptions, response: string][] = [
  ["a server that keeps its context though asked not to", { serverNoContextTakeover: true }, NAME],
  ["a server that says nothing of its window", { serverMaxWindowBits: 10 }, NAME],
  ["a greater window of the server than asked for", { serverMaxWindowBits: 10 }, `${NAME}; server_max_window_bits=11`],
  ["a greater window of the client than offered", { clientMaxWindowBits: 10 }, `${NAME}; client_max_window_bits=11`],
  ["client_max_window_bits without a value", {}, `${NAME}; client_max_window_bits`],
  ["two responses", {}, `${NAME}, ${NAME}`],
];

for (const [what, options, response] of REFUSED) {
  Deno.test(`checkAnswer() refuses ${what}`, () => {
    assertThrows(() => check(response, options), SyntaxError, "RFC 7692");
  });
}

Deno.test("checkAnswer() accepts an answer to the second offer", () => {
  const agreement = check(NAME, { serverMaxWindowBits: 10, fallback: true });
  assertEquals(agreement?.serverMaxWindowBits, 15);
});

Deno.test("checkDeflateOptions() returns null for no compression and the defaults for true", () => {
  assertEquals([checkDeflateOptions(undefined), checkDeflateOptions(false)], [null, null]);
  assertEquals(checkDeflateOptions(true), checkDeflateOptions({}));
  const { threshold, level, memLevel } = checkDeflateOptions(true)!;
  assertEquals({ threshold, level, memLevel }, { threshold: 1024, level: 6, memLevel: 8 });
});

const BAD_OPTIONS: readonly [options: unknown, error: typeof TypeError | typeof RangeError][] = [
  [1, TypeError],
  ["yes", TypeError],
  [null, TypeError],
  [{ level: 10 }, RangeError],
  [{ level: 1.5 }, RangeError],
  [{ level: "6" }, TypeError],
  [{ memLevel: 0 }, RangeError],
  [{ memLevel: 10 }, RangeError],
  [{ threshold: -1 }, RangeError],
  [{ serverMaxWindowBits: 7 }, RangeError],
  [{ clientMaxWindowBits: 16 }, RangeError],
  [{ clientMaxWindowBits: true }, TypeError],
  [{ serverNoContextTakeover: 1 }, TypeError],
];

for (const [options, error] of BAD_OPTIONS) {
  Deno.test(`checkDeflateOptions() refuses ${JSON.stringify(options)}`, () => {
    assertThrows(() => checkDeflateOptions(options as PerMessageDeflateOptions), error, "perMessageDeflate");
  });
}
