import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { RequestHeadParser } from "../../src/http/request_head_parser.ts";
import { type HeadLimits, REQUEST_HEAD_LIMITS } from "../../src/http/head_limits.ts";
import { bytesOf, growth } from "./_bytes.ts";
import { feed, type Outcome, outcomeOf } from "./_outcome.ts";

/** The request of RFC 6455 §1.2. */
const RFC_REQUEST = [
  "GET /chat HTTP/1.1",
  "Host: server.example.com",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  "Origin: http://example.com",
  "Sec-WebSocket-Protocol: chat, superchat",
  "Sec-WebSocket-Version: 13",
  "\r\n",
].join("\r\n");

function parse(text: string, limits: Partial<HeadLimits> = {}): Outcome {
  return outcomeOf(() => new RequestHeadParser(limits), text);
}

function head(method: string, target: string, version: string, fields: [string, string][]): Record<string, unknown> {
  return { method, target, version, fields };
}

function assertRefused(text: string, status: number, rule: string, limits: Partial<HeadLimits> = {}) {
  const outcome = parse(text, limits);
  assert("status" in outcome, `${JSON.stringify(text)} is taken`);
  assertEquals(outcome.status, status, text);
  assert(outcome.message.includes(rule), `${outcome.message} doesn't say ${rule}`);
  assertMatch(outcome.message, /^Cannot read the request head: [ -~]{1,200}, received [ -~]{1,400}[^.]$/);
}

Deno.test("RequestHeadParser reads the request of RFC 6455 1.2", () => {
  assertEquals(parse(RFC_REQUEST), {
    consumed: RFC_REQUEST.length,
    head: head("GET", "/chat", "1.1", [
      ["Host", "server.example.com"],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
      ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
      ["Origin", "http://example.com"],
      ["Sec-WebSocket-Protocol", "chat, superchat"],
      ["Sec-WebSocket-Version", "13"],
    ]),
  });
});

Deno.test("RequestHeadParser leaves the bytes after the head alone", () => {
  for (const rest of ["\x81\x85\x00\x00\x00\x00Hello", "\r\n\r\n", "\0", "GET / HTTP/1.1\r\n\r\n"]) {
    const outcome = parse("GET / HTTP/1.1\r\nA: b\r\n\r\n" + rest);
    assertEquals(outcome, { consumed: 24, head: head("GET", "/", "1.1", [["A", "b"]]) });
  }
});

Deno.test("RequestHeadParser accepts a head without fields, and one empty line before it", () => {
  assertEquals(parse("GET / HTTP/1.1\r\n\r\n"), { consumed: 18, head: head("GET", "/", "1.1", []) });
  assertEquals(parse("\r\nGET / HTTP/1.1\r\n\r\n"), { consumed: 20, head: head("GET", "/", "1.1", []) });
  assertRefused("\r\n\r\nGET / HTTP/1.1\r\n\r\n", 400, "method, a target and a version");
});

Deno.test("RequestHeadParser accepts any target of visible ASCII unchanged", () => {
  const targets = [
    "/",
    "*",
    "//",
    "//evil.com/",
    "http://example.com/a",
    "example.com:80",
    "/%",
    "/%zz",
    "/a?b#c",
    "/\\",
    '/<>"{}|^`',
  ];
  for (const target of targets) {
    const outcome = parse(`GET ${target} HTTP/1.1\r\n\r\n`);
    assert("head" in outcome, target);
    assertEquals(outcome.head.target, target);
  }
});

Deno.test("RequestHeadParser accepts any token as the method, and HTTP/1.x", () => {
  assertEquals(parse("get / HTTP/1.0\r\n\r\n"), { consumed: 18, head: head("get", "/", "1.0", []) });
  assertEquals(parse("M-SEARCH * HTTP/1.9\r\n\r\n"), { consumed: 23, head: head("M-SEARCH", "*", "1.9", []) });
});

// RFC 9112 §3.2 SHOULD
Deno.test("RequestHeadParser refuses a malformed request line with 400", () => {
  for (const line of ["GET", "GET ", "GET /", "GET  HTTP/1.1", " / HTTP/1.1", "", " "]) {
    assertRefused(`${line}\r\nHost: a\r\n\r\n`, 400, "Cannot read the request head: ", { maxFields: 9 });
  }
  for (const line of ["G(T / HTTP/1.1", "G\tT / HTTP/1.1", "G\xcbT / HTTP/1.1", '"GET" / HTTP/1.1']) {
    assertRefused(`${line}\r\n\r\n`, 400, "the method must be a token");
  }
  for (const target of [" /", "/ ", "/a b", "/\tb", "/caf\xe9", "/\x80"]) {
    assertRefused(`GET ${target} HTTP/1.1\r\n\r\n`, 400, "the target must be visible ASCII");
  }
});

Deno.test("RequestHeadParser refuses a malformed version with 400, and unsupported ones with 505", () => {
  for (
    const version of [
      "HTTP/1",
      "HTTP/1.",
      "HTTP/1.10",
      "HTTP/11.1",
      "http/1.1",
      "HTTP/a.1",
      "HTTP/1.a",
      "HTTP 1.1",
      "HTTP/1,1",
      "HTTPS/1.1",
      "ICY/1.1.",
      "1.1",
    ]
  ) {
    assertRefused(`GET / ${version}\r\n\r\n`, 400, version.includes(" ") ? "target" : "its version must be HTTP/1.1");
  }
  for (const version of ["HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"]) {
    assertRefused(`GET / ${version}\r\n`, 505, "its version must be HTTP/1.1");
  }
  assertRefused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "its version must be HTTP/1.1");
});

// RFC 9112 §2.2 MUST bare-cr
Deno.test("RequestHeadParser refuses bare LF and bare CR", () => {
  const heads = [
    "GET / HTTP/1.1\nHost: a\n\n",
    "GET / HTTP/1.1\r\nHost: a\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\n",
    "\nGET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\rHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n",
  ];
  for (const text of heads) assertRefused(text, 400, "a line must end in CRLF");
});

// RFC 9110 §5.5 MUST control-characters
Deno.test("RequestHeadParser refuses control characters at once, wherever they are", () => {
  for (let code = 0; code <= 0x7f; code++) {
    if ((code >= 0x20 && code < 0x7f) || [0x09, 0x0a, 0x0d].includes(code)) continue;
    const control = String.fromCharCode(code);
    for (
      const text of [control, `GET /${control}`, `GET / HTTP/1.1\r\nA${control}`, `GET / HTTP/1.1\r\nA: b${control}`]
    ) {
      assertRefused(text, 400, "no control character");
    }
  }
  assertRefused("\0", 400, "received 0x00");
  assertRefused("a\x1f", 400, "received 0x1f");
  // The first bytes of a TLS handshake: somebody speaks wss: to a ws: port.
  assertRefused("\x16\x03\x01\x02\x00\x01\x00\x01\xfc", 400, "no control character");
});

// RFC 9112 §2.2 MUST octets
// RFC 9110 §5.5 MUST white-space
// RFC 9110 §5.5 SHOULD
Deno.test("RequestHeadParser reads field values as latin1 without the white space around them", () => {
  const outcome = parse("GET / HTTP/1.1\r\nA:b\r\nB: \t c \t d \t \r\nC:\r\nD: :\r\nE: \xff\x80\xe9\r\n\r\n");
  assert("head" in outcome);
  assertEquals(outcome.head.fields, [["A", "b"], ["B", "c \t d"], ["C", ""], ["D", ":"], ["E", "\xff\x80\xe9"]]);
});

Deno.test("RequestHeadParser refuses folded lines", () => {
  for (const fold of [" ", "\t"]) {
    assertRefused(`GET / HTTP/1.1\r\nA: b\r\n${fold}c\r\n\r\n`, 400, "no fold");
    assertRefused(`GET / HTTP/1.1\r\n${fold}A: b\r\n\r\n`, 400, "no fold");
    assertRefused(`GET / HTTP/1.1\r\nA: b\r\n${fold}\r\n\r\n`, 400, "no fold");
  }
});

Deno.test("RequestHeadParser refuses names that are not tokens", () => {
  for (const name of ["A ", "A\t", "", "A B", "A(", '"A"', "caf\xe9", "A/B", "A\x7e\x80"]) {
    assertRefused(`GET / HTTP/1.1\r\n${name}: b\r\n\r\n`, 400, "the name of a header field must be a token");
  }
  assertRefused("GET / HTTP/1.1\r\nHost\r\n\r\n", 400, "must have a colon");
});

Deno.test("RequestHeadParser treats names of Object.prototype like all others", () => {
  const parser = new RequestHeadParser();
  parser.push(bytesOf("GET / HTTP/1.1\r\n__proto__: 1\r\nconstructor: 2\r\n\r\n"));
  assertEquals(parser.head.fields.get("__proto__"), "1");
  assertEquals(parser.head.fields.get("toString"), null);
});

// RFC 9112 §3 MUST
Deno.test("RequestHeadParser refuses a request line above its limit with 414", () => {
  const line = "GET /aaaaa HTTP/1.1";
  const limits = { maxStartLine: line.length };
  assert("head" in parse(`${line}\r\n\r\n`, limits));
  assertRefused(`${line}1`, 414, `at most ${line.length} bytes`, limits);
  assertRefused(`GET /aaaaaa HTTP/1.1\r\n\r\n`, 414, `at most ${line.length} bytes`, limits);
  assertRefused("a".repeat(20), 414, "at most 19 bytes", limits);
});

Deno.test("RequestHeadParser refuses a field line above its limit with 431", () => {
  const limits = { maxFieldLine: 8 };
  assert("head" in parse("GET / HTTP/1.1\r\nABC: def\r\n\r\n", limits));
  assertRefused("GET / HTTP/1.1\r\nABC: def ", 431, "a line must have at most 8 bytes", limits);
  assertRefused("GET / HTTP/1.1\r\nABC: defg\r\n\r\n", 431, "a line must have at most 8 bytes", limits);
});

Deno.test("RequestHeadParser refuses a head above its limit with 431", () => {
  const text = "GET / HTTP/1.1\r\nA: b\r\nC: d\r\n\r\n";
  assert("head" in parse(text, { maxHead: text.length }));
  assertRefused(text, 431, `it must have at most ${text.length - 1} bytes`, { maxHead: text.length - 1 });
  assertRefused(text, 431, "it must have at most 25 bytes", { maxHead: 25 });
  assertRefused(text, 414, "it must have at most 5 bytes", { maxHead: 5 });
  assertRefused("GET / ", 414, "it must have at most 5 bytes", { maxHead: 5 });
  assertRefused("GET / HTTP/1.1\r\nA: bcd", 431, "it must have at most 18 bytes", { maxHead: 18 });
  // Of two limits the one that is exceeded first is reported, and of two at the same byte that of the head.
  assertRefused("GET / ", 414, "it must have at most 5 bytes", { maxHead: 5, maxStartLine: 5 });
  assertRefused("GET / H", 414, "a line must have at most 5 bytes", { maxHead: 6, maxStartLine: 5 });
  assertRefused("\r\n" + text, 431, `it must have at most ${text.length} bytes`, { maxHead: text.length });
});

Deno.test("RequestHeadParser refuses more fields than its limit with 431", () => {
  const limits = { maxFields: 2 };
  assert("head" in parse("GET / HTTP/1.1\r\nA: b\r\nA: b\r\n\r\n", limits));
  assertRefused("GET / HTTP/1.1\r\nA: b\r\nA: b\r\nA: b\r\n\r\n", 431, "at most 2 header fields", limits);
});

Deno.test("RequestHeadParser has default limits", () => {
  assertEquals(REQUEST_HEAD_LIMITS, { maxStartLine: 8192, maxFieldLine: 16384, maxHead: 65536, maxFields: 128 });
  const refusal = (text: string) => {
    const outcome = feed(new RequestHeadParser(), [bytesOf(text)]);
    return "status" in outcome ? outcome : null;
  };
  assertEquals(refusal("GET /" + "a".repeat(8192))?.status, 414);
  assertEquals(refusal(`GET /${"a".repeat(8192 - 14)} HTTP/1.1\r\n\r\n`), null);
  const start = "GET / HTTP/1.1\r\n";
  assertEquals(refusal(start + "A: " + "b".repeat(16384))?.status, 431);
  assertEquals(refusal(start + "A: " + "b".repeat(16381) + "\r\n\r\n"), null);
  assertEquals(refusal(start + ("A: " + "b".repeat(10_000) + "\r\n").repeat(7))?.status, 431);
  assertEquals(refusal(start + "A: b\r\n".repeat(128) + "\r\n"), null);
  assertMatch(
    refusal(start + "A: b\r\n".repeat(2000) + "Upgrade: websocket\r\n\r\n")?.message ?? "",
    /at most 128 header/,
  );
});

// Row: endless-head
// RFC 9110 §2.3 SHOULD
Deno.test("RequestHeadParser refuses endless heads long before their end", () => {
  for (const piece of ["a", "GET ", "\r\n", "a: b\r\n"]) {
    for (const start of ["", "GET / HTTP/1.1\r\nB: c", "GET / HTTP/1.1\r\n"]) {
      const parser = new RequestHeadParser();
      let sent = start.length;
      const endless = () => {
        parser.push(bytesOf(start));
        while (!parser.done) sent += parser.push(bytesOf(piece));
      };
      // An empty line that is not an error is the end of the head.
      if (piece === "\r\n" && start !== "") endless();
      else assertThrows(endless);
      assert(sent <= 65536, `${sent} bytes taken of ${start}${piece}${piece}…`);
    }
  }
});

// Row: chunked-head
Deno.test("RequestHeadParser takes linear time for 20 MB in small chunks", () => {
  const limits = { maxStartLine: 2 ** 30, maxFieldLine: 2 ** 30, maxHead: 2 ** 30, maxFields: 2 ** 30 };
  const chunk = bytesOf("a: bbbb\r\n".repeat(7) + "c");
  const field = bytesOf("d".repeat(64));
  for (const [start, piece] of [["GET / HTTP/1.1\r\na", chunk], ["GET / HTTP/1.1\r\n", field], ["", field]] as const) {
    const run = (bytes: number) => {
      const parser = new RequestHeadParser(limits);
      parser.push(bytesOf(start));
      for (let sent = 0; sent < bytes; sent += piece.length) parser.push(piece);
    };
    if (piece === field) run(20_000_000);
    const ratio = growth(run, 200_000);
    assert(ratio < 40, `${start}: ${ratio}`);
  }
});

Deno.test("RequestHeadParser takes linear time for a line that comes byte by byte", () => {
  const limits = { maxStartLine: 2 ** 30, maxHead: 2 ** 30 };
  const byte = bytesOf("a");
  const ratio = growth((size) => {
    const parser = new RequestHeadParser(limits);
    for (let i = 0; i < size; i++) parser.push(byte);
  }, 100_000);
  assert(ratio < 40, String(ratio));
});

Deno.test("RequestHeadParser doesn't keep the caller's chunks", () => {
  const parser = new RequestHeadParser();
  const chunk = bytesOf("GET / HTTP/1.1\r\nHost: exam");
  parser.push(chunk);
  chunk.fill(0);
  parser.push(bytesOf("ple\r\n\r\n"));
  assertEquals(parser.head.fields.get("host"), "example");
});

Deno.test("RequestHeadParser.head throws as long as the head isn't complete", () => {
  const parser = new RequestHeadParser();
  assertThrows(() => parser.head, TypeError, "not complete");
  parser.push(bytesOf("GET / HTTP/1.1\r\n\r"));
  assertThrows(() => parser.head, TypeError, "not complete");
  parser.push(bytesOf("\n"));
  assertEquals(parser.head.method, "GET");
});

Deno.test("RequestHeadParser waits for more if the head is cut off", () => {
  for (const text of ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nA: b\r\n\r"]) {
    assertEquals(parse(text), { consumed: text.length });
  }
});

Deno.test("new RequestHeadParser() refuses invalid limits", () => {
  for (const limit of [0, -1, 1.5, NaN, Infinity, "9"]) {
    for (const name of ["maxStartLine", "maxFieldLine", "maxHead", "maxFields"]) {
      assertThrows(() => new RequestHeadParser({ [name]: limit }), RangeError, name);
    }
  }
});
