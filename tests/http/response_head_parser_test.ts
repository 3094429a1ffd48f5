import { assert, assertEquals, assertThrows } from "@std/assert";
import { type HeadLimits, RESPONSE_HEAD_LIMITS } from "../../src/http/head_limits.ts";
import { ResponseHeadParser } from "../../src/http/response_head_parser.ts";
import { bytesOf } from "./_bytes.ts";
import { feed, type Outcome, outcomeOf } from "./_outcome.ts";

/** The response of RFC 6455 §1.2. */
const RFC_RESPONSE = [
  "HTTP/1.1 101 Switching Protocols",
  "Upgrade: websocket",
  "Connection: Upgrade",
  "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
  "Sec-WebSocket-Protocol: chat",
  "\r\n",
].join("\r\n");

function parse(text: string, limits: Partial<HeadLimits> = {}): Outcome {
  return outcomeOf(() => new ResponseHeadParser(limits), text);
}

function assertRefused(text: string, status: number, rule: string, limits: Partial<HeadLimits> = {}) {
  const outcome = parse(text, limits);
  assert("status" in outcome, `${JSON.stringify(text)} is taken`);
  assertEquals(outcome.status, status, text);
  assert(outcome.message.includes(rule), `${outcome.message} doesn't say ${rule}`);
  assert(outcome.message.startsWith("Cannot read the response head: "), outcome.message);
}

Deno.test("ResponseHeadParser reads the response of RFC 6455 1.2 and leaves the first frame alone", () => {
  assertEquals(parse(RFC_RESPONSE + "\x81\x05Hello"), {
    consumed: RFC_RESPONSE.length,
    head: {
      version: "1.1",
      status: 101,
      reason: "Switching Protocols",
      fields: [
        ["Upgrade", "websocket"],
        ["Connection", "Upgrade"],
        ["Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="],
        ["Sec-WebSocket-Protocol", "chat"],
      ],
    },
  });
});

// RFC 9112 §4 SHOULD
Deno.test("ResponseHeadParser accepts any reason phrase, an empty one, and none", () => {
  const reasons = [[" OK", "OK"], [" a  b\tc ", "a  b\tc "], [" \xe9", "\xe9"], [" ", ""], ["", ""]];
  for (const [text, reason] of reasons) {
    const outcome = parse(`HTTP/1.0 200${text}\r\n\r\n`);
    assert("head" in outcome, text);
    assertEquals(outcome.head, { version: "1.0", status: 200, reason, fields: [] });
  }
});

// RFC 9110 §15 SHOULD
Deno.test("ResponseHeadParser refuses a malformed status line", () => {
  const lines = [
    "HTTP/1.1",
    "HTTP/1.1 ",
    "HTTP/1.1 20",
    "HTTP/1.1 2000",
    "HTTP/1.1 20a OK",
    "HTTP/1.1 2a0 OK",
    "HTTP/1.1 099 x",
    "HTTP/1.1 600 x",
    "HTTP/1.1 +10 x",
    "HTTP/1.1 1e2 x",
    "HTTP/1.1  101 x",
    "HTTP/1.1\t101 x",
    "HTTP/1.1 101\tx",
    "HTTP/1.1 101x",
    "HTTP/1.10 101 x",
  ];
  for (const line of lines) assertRefused(`${line}\r\n\r\n`, 400, "a status of 100 to 599");
  for (
    const line of [
      "",
      "101",
      "http/1.1 101 x",
      "SSH-2.0-OpenSSH_9.6",

      "ICY 200 OK",
      " HTTP/1.1 101 x",
    ]
  ) {
    assertRefused(`${line}\r\n\r\n`, 400, "its version must be HTTP/1.1");
  }
  assertRefused("HTTP/2.0 101 x\r\n\r\n", 505, "its version must be HTTP/1.1");
});

// RFC 9110 §15 MUST
Deno.test("ResponseHeadParser accepts any status from 100 to 599", () => {
  for (const status of [100, 199, 200, 302, 404, 500, 599]) {
    const outcome = parse(`HTTP/1.1 ${status} x\r\n\r\n`);
    assert("head" in outcome);
    assertEquals(outcome.head.status, status);
  }
});

Deno.test("ResponseHeadParser doesn't skip empty lines", () => {
  assertRefused("\r\nHTTP/1.1 101 x\r\n\r\n", 400, "its version must be HTTP/1.1");
});

Deno.test("ResponseHeadParser is as strict with lines as the request's parser", () => {
  assertRefused("HTTP/1.1 101 x\n", 400, "a line must end in CRLF");
  assertRefused("HTTP/1.1 101 x\r\nA: b\rc", 400, "a line must end in CRLF");
  assertRefused("HTTP/1.1 101 x\r\n c\r\n", 400, "no fold");
  assertRefused("HTTP/1.1 101 x\r\nA : b\r\n", 400, "must be a token");
  assertRefused("HTTP/1.1 101 x\r\nA: \0", 400, "no control character");
});

// RFC 9112 §5.2 MUST response
Deno.test("ResponseHeadParser joins folded lines", () => {
  const outcome = parse("HTTP/1.1 101 x\r\nA: b\r\n c\r\n\t \r\n  d e \r\nA:\r\n f\r\n\r\n");
  assert("head" in outcome);
  assertEquals(outcome.head.fields, [["A", "b c d e"], ["A", "f"]]);
  const parser = new ResponseHeadParser();
  parser.push(bytesOf("HTTP/1.1 101 x\r\nA: b\r\n c\r\n\r\n"));
  assertEquals(parser.head.fields.get("a"), "b c");
  assertRefused(`HTTP/1.1 101 x\r\nA: b\r\n${" \r\n".repeat(10)}`, 431, "at most 40 bytes", { maxHead: 40 });
});

Deno.test("ResponseHeadParser enforces its limits", () => {
  assertRefused("HTTP/1.1 101 aaaaaaaa", 414, "at most 20 bytes", { maxStartLine: 20 });
  assertRefused("HTTP/1.1 101 x\r\nA: bcdef", 431, "at most 7 bytes", { maxFieldLine: 7 });
  assertRefused("HTTP/1.1 101 x\r\nA: b\r\n\r\n", 431, "at most 23 bytes", { maxHead: 23 });
  assertRefused("HTTP/1.1 101 x\r\nA: b\r\nA: b\r\n", 431, "at most 1 header fields", { maxFields: 1 });
  assertThrows(() => new ResponseHeadParser({ maxHead: 0 }), RangeError, "maxHead");
});

Deno.test("ResponseHeadParser has looser default limits", () => {
  assertEquals(RESPONSE_HEAD_LIMITS, { maxStartLine: 8192, maxFieldLine: 65536, maxHead: 262144, maxFields: 512 });
  const refused = (text: string) => "status" in feed(new ResponseHeadParser(), [bytesOf(text)]);
  const start = "HTTP/1.1 101 x\r\n";
  assert(refused("HTTP/1.1 101 " + "x".repeat(8192)));
  assert(!refused(`${start}A: ${"b".repeat(65_533)}\r\n\r\n`));
  assert(refused(`${start}A: ${"b".repeat(65_534)}\r\n\r\n`));
  assert(!refused(start + "A: b\r\n".repeat(512) + "\r\n"));
  assert(refused(start + "A: b\r\n".repeat(513)));
  assert(refused(start + `A: ${"b".repeat(60_000)}\r\n`.repeat(5)));
});

Deno.test("ResponseHeadParser.head throws as long as the head isn't complete", () => {
  const parser = new ResponseHeadParser();
  parser.push(bytesOf("HTTP/1.1 101 x\r\n"));
  assertThrows(() => parser.head, TypeError, "not complete");
  assertEquals(parse("HTTP/1.1 101 Switching Proto"), { consumed: 28 });
});
