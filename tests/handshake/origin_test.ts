import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { checkAllowedOrigins, isAllowedOrigin } from "../../src/handshake/origin.ts";

const ALLOWED = ["https://example.com", "https://example.com:8443"];

Deno.test("isAllowedOrigin() accepts a listed origin", () => {
  for (const origin of ALLOWED) assert(isAllowedOrigin(origin, ALLOWED));
  assert(isAllowedOrigin("null", ["null"]));
});

Deno.test("isAllowedOrigin() refuses an origin that is not listed exactly", () => {
  const refused = [
    null,
    "",
    "null",
    "http://example.com",
    "https://example.com:443",
    "https://example.com:8444",
    "https://EXAMPLE.com",
    "https://example.com/",
    "https://evil-example.com",
    "https://example.com.evil.com",
    "https://sub.example.com",
    "https://example.com, https://example.com",
    "*",
  ];
  for (const origin of refused) assertFalse(isAllowedOrigin(origin, ALLOWED), String(origin));
  assertFalse(isAllowedOrigin("https://example.com", []));
  assertFalse(isAllowedOrigin(null, ["null"]));
});

Deno.test("checkAllowedOrigins() accepts origins as browsers write them", () => {
  checkAllowedOrigins([]);
  checkAllowedOrigins([...ALLOWED, "null", "http://[::1]:5000", "chrome-extension://abcdef", "a://~"]);
});

Deno.test("checkAllowedOrigins() refuses origins that no browser sends", () => {
  const refused = [
    "",
    "*",
    "example.com",
    "https://",
    "://a",
    "https://a/",
    "https://a/b",
    "https://A",
    "https://Z",
    "https://a\x7f",
    "HTTPS://a",
    "https://a b",
    "https://\xe9",
    1,
  ];
  for (const origin of refused) {
    assertThrows(() => checkAllowedOrigins([origin as string]), TypeError, "allowedOrigins", String(origin));
  }
  assertThrows(() => checkAllowedOrigins("https://example.com" as unknown as string[]), TypeError, "array");
});

Deno.test("isAllowedOrigin() compares hosts for same-host, whatever the scheme and however its own port is given", () => {
  const cases: [origin: string | null, host: string | null, allowed: boolean][] = [
    ["https://example.com", "example.com", true],
    ["http://example.com", "example.com", true],
    ["https://example.com", "EXAMPLE.com", true],
    ["https://example.com", "example.com:443", true],
    ["http://example.com", "example.com:80", true],
    ["https://example.com:8443", "example.com:8443", true],
    ["https://[::1]:8443", "[::1]:8443", true],
    ["http://[::1]", "[::1]", true],
    ["https://example.com", "example.com:80", false],
    ["http://example.com", "example.com:443", false],
    ["https://example.com:8443", "example.com", false],
    ["https://example.com", "example.com:8443", false],
    ["https://evil-example.com", "example.com", false],
    ["https://example.com.evil.org", "example.com", false],
    ["https://www.example.com", "example.com", false],
    ["https://example.com/", "example.com", false],
    ["example.com", "example.com", false],
    ["://example.com", "example.com", false],
    ["null", "null", false],
    ["null", "example.com", false],
    [null, "example.com", false],
    ["https://example.com", null, false],
  ];
  for (const [origin, host, allowed] of cases) {
    assertEquals(isAllowedOrigin(origin, "same-host", host), allowed, `${origin} at ${host}`);
  }
});
