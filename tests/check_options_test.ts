import { assertEquals, assertThrows } from "@std/assert";
import { checkOptionNames } from "../src/check_options.ts";

interface Options {
  maxLength?: number;
  additionalHeaders?: string;
  cert?: string;
}

const KNOWN = { maxLength: true, additionalHeaders: true, cert: true } as const;
const ELSEWHERE = { headers: "additionalHeaders" } as const;

function messageOf(options: unknown): string {
  const check = () => checkOptionNames<Options>("create a client", options as Options, KNOWN, ELSEWHERE);
  return assertThrows(check, TypeError).message;
}

Deno.test("checkOptionNames() takes known names, and those whose value is undefined", () => {
  for (const options of [{}, { maxLength: 1, cert: "" }, { other: undefined }, Object.create({ cert: "" })]) {
    checkOptionNames<Options>("create a client", options, KNOWN);
  }
});

const REFUSED: readonly (readonly [options: unknown, message: string])[] = [
  [{ maxLenght: 1 }, 'unknown option "maxLenght", did you mean "maxLength"?'],
  [{ maxlength: 1 }, 'unknown option "maxlength", did you mean "maxLength"?'],
  [{ certs: 1 }, 'unknown option "certs", did you mean "cert"?'],
  [Object.create({ certs: 1 }), 'unknown option "certs", did you mean "cert"?'],
  [{ headers: {} }, 'unknown option "headers", it is called "additionalHeaders" here'],
  [{ compress: 1 }, 'unknown option "compress", expected one of maxLength, additionalHeaders, cert'],
  // More than half of its letters would have to change.
  [{ it: 1 }, 'unknown option "it", expected one of maxLength, additionalHeaders, cert'],
  [{ toString: 1 }, 'unknown option "toString", expected one of maxLength, additionalHeaders, cert'],
  [["chat"], "the options must be an object, received an array"],
  [5000, "the options must be an object, received a number"],
  ["chat", "the options must be an object, received a string"],
  [() => {}, "the options must be an object, received a function"],
  [null, "the options must be an object, received null"],
];

for (const [options, message] of REFUSED) {
  Deno.test(`checkOptionNames() refuses: ${message}`, () => {
    assertEquals(messageOf(options), `Cannot create a client: ${message}`);
  });
}
