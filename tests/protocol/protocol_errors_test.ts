import { assertEquals, assertMatch } from "@std/assert";
import * as errors from "../../src/protocol/protocol_errors.ts";

const LONGEST = Number.MAX_SAFE_INTEGER;

/** Each with the longest values that it can show. */
const MESSAGES: Readonly<Record<string, { readonly message: string }>> = {
  reservedBit: errors.reservedBit(0x70),
  misplacedRsv1: errors.misplacedRsv1(10),
  reservedOpcode: errors.reservedOpcode(15),
  maskRequired: errors.maskRequired(),
  maskForbidden: errors.maskForbidden(),
  controlFrameTooLong: errors.controlFrameTooLong(10),
  controlFrameFragmented: errors.controlFrameFragmented(10),
  unexpectedContinuation: errors.unexpectedContinuation(),
  expectedContinuation: errors.expectedContinuation(2),
  lengthNotShortest: errors.lengthNotShortest(65_535, 64),
  lengthTopBit: errors.lengthTopBit(),
  messageTooLong: errors.messageTooLong(LONGEST, LONGEST),
  textTooLong: errors.textTooLong(LONGEST, 536_870_888),
  tooManyFragments: errors.tooManyFragments(LONGEST),
  invalidUtf8: errors.invalidUtf8("reason of a Close frame"),
  closePayloadTooShort: errors.closePayloadTooShort(),
  invalidCloseCode: errors.invalidCloseCode(65_535),
};

/** These are not the peer's fault, which only sees "internal error". */
const INTERNAL = ["extensionFailed", "bufferChanged"];

Deno.test("every error of protocol_errors.ts is tested here", () => {
  assertEquals(Object.keys(errors).sort(), [...Object.keys(MESSAGES), ...INTERNAL].sort());
});

for (const [name, { message }] of Object.entries(MESSAGES)) {
  // RFC 6455 §5.5: "All control frames MUST have a payload length of 125 bytes or less", two of which are the code.
  Deno.test(`${name}() says what was expected and what was received, in a Close frame's reason`, () => {
    assertMatch(message, /^[A-Z][^:]+: expected .+, received .+$/);
    assertMatch(message, /^[\x20-\x7e]{1,123}$/);
  });
}
