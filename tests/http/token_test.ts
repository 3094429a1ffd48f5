import { assert, assertEquals, assertFalse } from "@std/assert";
import { isDigitCode, isToken, isTokenCode } from "../../src/http/token.ts";

const SEPARATORS = '()<>@,;:\\"/[]?={} \t';

Deno.test("isTokenCode() accepts every visible ASCII character but the separators", () => {
  for (let code = 0; code < 0x120; code++) {
    const visible = code > 0x20 && code < 0x7f;
    assertEquals(
      isTokenCode(code),
      visible && !SEPARATORS.includes(String.fromCharCode(code)),
      `0x${code.toString(16)}`,
    );
  }
  assertFalse(isTokenCode(NaN));
});

Deno.test("isToken() accepts one token character or more and nothing else", () => {
  for (const text of ["a", "soap", "v1.chat", "__proto__", "!#$%&'*+-.^_`|~", "0"]) assert(isToken(text), text);
  for (const text of ["", " ", "a b", "a,", ",a", '"a"', "caf\xe9", "\u212a", "a\0", "a\r\n"]) {
    assertFalse(isToken(text), JSON.stringify(text));
  }
});

Deno.test("isDigitCode() accepts the ten digits", () => {
  const digits = Array.from({ length: 256 }, (_, code) => code).filter(isDigitCode);
  assertEquals(String.fromCharCode(...digits), "0123456789");
});
