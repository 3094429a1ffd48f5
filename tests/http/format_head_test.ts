import { assertEquals, assertThrows } from "@std/assert";
import { checkAdditionalFields } from "../../src/handshake/additional_fields.ts";
import { type Field, formatHead, formatResponseHead } from "../../src/http/format_head.ts";
import { bytesOf, textOf } from "./_bytes.ts";

/** What must not get into a head, on either side of the colon. */
const DANGEROUS = ["\r", "\n", "\r\n", "\0", "\x01", "\x1b", "\x1f", "\x7f", "\u0100", "\u010d\u010a", "\u{1f600}"];

Deno.test("formatResponseHead() writes status, reason phrase and fields", () => {
  const head = formatResponseHead(101, [["Upgrade", "websocket"], ["X-A", ""], ["x-a", "\xff\xe9\t1"]]);
  assertEquals(
    head,
    bytesOf("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-A: \r\nx-a: \xff\xe9\t1\r\n\r\n"),
  );
});

// RFC 9112 §4 MUST
Deno.test("formatResponseHead() leaves the phrase of an unknown status empty", () => {
  assertEquals(textOf(formatResponseHead(599, [])), "HTTP/1.1 599 \r\n\r\n");
  assertEquals(textOf(formatResponseHead(100, [])), "HTTP/1.1 100 Continue\r\n\r\n");
});

Deno.test("formatResponseHead() writes several Set-Cookie fields of a web Headers separately", () => {
  const headers = new Headers([["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"]]);
  assertEquals(
    textOf(formatResponseHead(200, headers)),
    "HTTP/1.1 200 OK\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n",
  );
});

Deno.test("formatResponseHead() refuses an invalid status", () => {
  for (const status of [0, 99, 600, 101.5, NaN, Infinity, "101"]) {
    assertThrows(() => formatResponseHead(status as number, []), RangeError, "100 to 599");
  }
});

// Row: injection
// RFC 9112 §2.2 MUST no-bare-cr
// RFC 9112 §5.2 MUST not-sent
Deno.test("formatHead() refuses CR, LF, NUL and the like in names, values and the start line", () => {
  for (const text of DANGEROUS) {
    for (const dangerous of [text, `a${text}`, `a${text}b`, `${text}b`]) {
      assertThrows(() => formatHead("GET / HTTP/1.1", [["X", dangerous]]), TypeError, "Cannot write the header X");
      assertThrows(() => formatHead("GET / HTTP/1.1", [[dangerous, "x"]]), TypeError, "must be a token");
      assertThrows(() => formatHead(`GET ${dangerous} HTTP/1.1`, []), TypeError, "start line");
    }
  }
  assertThrows(() => formatHead("GET /\xe9 HTTP/1.1", []), TypeError);
  assertEquals(textOf(formatHead("GET /~ HTTP/1.1", [])), "GET /~ HTTP/1.1\r\n\r\n");
});

// RFC 9112 §2.2 MUST no-space-sent
// RFC 9110 §2.2 MUST
Deno.test("formatHead() refuses names that are not tokens, and values that are not strings", () => {
  for (const name of ["", "a b", "a:", "caf\xe9"]) assertThrows(() => formatHead("a", [[name, "x"]]), TypeError);
  for (const value of [1, null, undefined, ["a\r\nb"], { toString: () => "a\r\nb" }]) {
    assertThrows(() => formatHead("a", [["X", value]] as unknown as Field[]), TypeError, "must be a string");
  }
  assertThrows(() => formatHead("a", [[1, "x"]] as unknown as Field[]), TypeError, "must be a token");
});

Deno.test("checkAdditionalFields() accepts every field that the handshake doesn't set", () => {
  const fields: Field[] = [["Host", "a"], ["Origin", "b"], ["Cookie", "c"], ["Set-Cookie", "d"], ["Set-Cookie", "e"]];
  assertEquals(checkAdditionalFields(fields), fields);
  assertEquals(checkAdditionalFields(new Headers({ Authorization: "Basic x" })), [["authorization", "Basic x"]]);
});

Deno.test("checkAdditionalFields() names the option to use for a field that the handshake sets", () => {
  const reserved: [string, string][] = [
    ["Connection", "always Upgrade"],
    ["UPGRADE", "always websocket"],
    ["Content-Length", "no body"],
    ["Transfer-Encoding", "no body"],
    ["Sec-WebSocket-Key", "for each connection"],
    ["Sec-WebSocket-Accept", "computed"],
    ["Sec-WebSocket-Version", "always 13"],
    ["sec-websocket-protocol", "acceptProtocols"],
    ["Sec-WebSocket-Extensions", "options of the extension"],
    ["Sec-WebSocket-Draft", "without Sec-WebSocket-"],
  ];
  for (const [name, instead] of reserved) {
    assertThrows(() => checkAdditionalFields([["X", "1"], [name, "x"]]), TypeError, instead);
  }
});

Deno.test("checkAdditionalFields() refuses fields that can't be written", () => {
  for (const text of DANGEROUS) {
    assertThrows(() => checkAdditionalFields([["X", text]]), TypeError);
    assertThrows(() => checkAdditionalFields([[text, "x"]]), TypeError);
  }
});
