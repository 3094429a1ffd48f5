import { assert, assertFalse, assertThrows } from "@std/assert";
import { checkAllowedHosts, isAllowedHost, isValidHost } from "../../src/http/host.ts";
import { growth } from "./_bytes.ts";

Deno.test("isValidHost() accepts a host with or without a port", () => {
  const valid = [
    "example.com",
    "EXAMPLE.com:443",
    "localhost:5000",
    "127.0.0.1",
    "[::1]",
    "[::1]:8080",
    "[2001:db8::a]:1",
    "[v1.fe80::a+en1]",
    "[fe80::1%25eth0]",
    "my_host",
    "a%20b",
    "%af%AF%09",
    "azAZ09",
    "xn--bcher-kva.example",
    "example.com:",
    "example.com:65535",
    "a,b",
  ];
  for (const host of valid) assert(isValidHost(host), host);
});

// Row: host-origin-target
Deno.test("isValidHost() refuses every other value", () => {
  const invalid = [
    "",
    " ",
    ":80",
    "a b",
    "a, a",
    "user@example.com",
    "example.com/",
    "http://example.com",
    "a?b",
    "a#b",
    "a\\b",
    'a"b',
    "<a>",
    "a:b",
    "a:80:80",
    "a:-1",
    "a:+1",
    "a:1e1",
    "a: 80",
    "a:65536",
    "a:999999999999999999999999",
    "::1",
    "[::1",
    "::1]",
    "[]",
    "[]:80",
    "[::1]a",
    "[::1]]",
    "[::1 ]",
    "[[::1]]",
    "%",
    "a%",
    "a%2",
    "a%zz",
    "a%2g",
    "a%@0",
    "a%0`",
    "a%G0",
    "a@b",
    "a`b",
    "a{b",
    "caf\xe9",
    "a\0",
    "a\x7f",
    "example.com:\xb2",
  ];
  for (const host of invalid) assertFalse(isValidHost(host), JSON.stringify(host));
});

Deno.test("isAllowedHost() accepts a listed host whatever its case", () => {
  assert(isAllowedHost("EXAMPLE.com", ["a", "example.com"]));
  assert(isAllowedHost("a:81", ["a:81"]));
  for (const host of [null, "", "evil-example.com", "example.com.evil.com", "example.com:80"]) {
    assertFalse(isAllowedHost(host, ["example.com"]), String(host));
  }
  assertFalse(isAllowedHost("a", []));
});

Deno.test("checkAllowedHosts() accepts hosts as they are written in Host", () => {
  checkAllowedHosts([]);
  checkAllowedHosts(["example.com", "localhost:5000", "[::1]"]);
  for (const host of ["", "http://a", "a/b", "a b", 1]) {
    assertThrows(() => checkAllowedHosts([host as string]), TypeError, "allowedHosts", String(host));
  }
  assertThrows(() => checkAllowedHosts("a" as unknown as string[]), TypeError, "array");
});

Deno.test("isValidHost() takes linear time on a hostile value", () => {
  for (const filler of ["a", "%20", "%", ":", "1"]) {
    const ratio = growth((size) => isValidHost("a:" + filler.repeat(size)) || isValidHost(filler.repeat(size)), 50_000);
    assert(ratio < 40, `${filler}: ${ratio}`);
  }
});
