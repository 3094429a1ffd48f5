import { assert, assertEquals, assertFalse, assertMatch, assertThrows } from "@std/assert";
import { HeadFields } from "../../src/http/head_fields.ts";
import { formatResponseHead } from "../../src/http/format_head.ts";
import { RequestHeadParser } from "../../src/http/request_head_parser.ts";
import {
  acceptHandshake,
  type AcceptHandshakeOptions,
  type HandshakeAcceptance,
  type HandshakeRefusal,
  type HandshakeRequest,
  isHandshake,
  responseFields,
} from "../../src/handshake/server_handshake.ts";
import { bytesOf, growth, RFC_ACCEPT, RFC_KEY, sha1, textOf } from "../http/_bytes.ts";

type Lines = [name: string, value: string | null][];

/** A good request with some fields in the place of its own; null leaves one out. */
function request(changes: Lines = [], method = "GET", version?: string): HandshakeRequest {
  const good: Lines = [
    ["Host", "server.example.com"],
    ["Upgrade", "websocket"],
    ["Connection", "Upgrade"],
    ["Sec-WebSocket-Key", RFC_KEY],
    ["Sec-WebSocket-Version", "13"],
  ];
  const changed = new Set(changes.map(([name]) => name));
  const lines = [...good.filter(([name]) => !changed.has(name)), ...changes];
  const fields = new HeadFields(lines.filter((line): line is [string, string] => line[1] !== null));
  return { method, fields, ...(version === undefined ? {} : { version }) };
}

function accept(handshake: HandshakeRequest, options: Partial<AcceptHandshakeOptions> = {}): HandshakeAcceptance {
  const result = acceptHandshake(handshake, { sha1, ...options });
  assert(result.accepted, result.accepted ? "" : result.reason);
  return result;
}

function refuse(handshake: HandshakeRequest, options: Partial<AcceptHandshakeOptions> = {}): HandshakeRefusal {
  const result = acceptHandshake(handshake, { sha1, ...options });
  assertFalse(result.accepted);
  assertMatch(result.reason, /^Cannot [ -~]{1,160}, received [ -~]{1,400}[^.]$/);
  return result;
}

Deno.test("acceptHandshake() accepts the request of RFC 6455 1.2", () => {
  const fields: Lines = [["Origin", "http://example.com"], ["Sec-WebSocket-Protocol", "chat, superchat"]];
  assertEquals(accept(request(fields, "GET", "1.1"), { acceptProtocols: ["chat"] }), {
    accepted: true,
    accept: RFC_ACCEPT,
    protocol: "chat",
    offers: [],
  });
});

Deno.test("acceptHandshake() accepts fields from RequestHeadParser, and a web Headers", () => {
  const parser = new RequestHeadParser();
  parser.push(bytesOf(
    "GET http://a/ HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key:  ${RFC_KEY} \r\nSec-WebSocket-Version: 13\r\n\r\n`,
  ));
  assertEquals(accept(parser.head).accept, RFC_ACCEPT);
  const fields = new Headers([...request().fields as HeadFields]);
  assertEquals(accept({ method: "GET", fields }).accept, RFC_ACCEPT);
});

// Row: list-fields
// RFC 6455 §4.2.1 Text tokens
// RFC 9110 §7.8 SHOULD
// RFC 9110 §7.8 MUST chosen
Deno.test("acceptHandshake() finds the tokens of Upgrade and Connection in lists of any case", () => {
  const accepted: Lines[] = [
    [["Connection", "keep-alive, Upgrade"]],
    [["Connection", "keep-alive"], ["Connection", "UPGRADE"]],
    [["Connection", "upgrade,close"]],
    [["Upgrade", "WebSocket"]],
    [["Upgrade", "h2c, websocket"]],
    [["Upgrade", "h2c"], ["Upgrade", "WEBSOCKET"]],
  ];
  for (const changes of accepted) accept(request(changes));
  for (const value of [null, "", "keep-alive", "close", "Upgraded", "not upgrade"]) {
    const refusal = refuse(request([["Connection", value]]));
    assertEquals([refusal.status, refusal.fields], [400, []]);
    assertMatch(refusal.reason, /Connection must contain Upgrade/);
  }
  for (const value of [null, "", "h2c", "websocket/13", "websockets", "web socket", "websoc\u212aet"]) {
    const refusal = refuse(request([["Upgrade", value]]));
    assertEquals([refusal.status, refusal.fields], [400, []]);
    assertMatch(refusal.reason, /Upgrade must contain websocket/);
  }
});

// RFC 6455 §4.2.1 MUST
// RFC 9110 §9.1 SHOULD not-allowed
// RFC 9110 §10.2.1 MUST
Deno.test("acceptHandshake() answers another method with 405 and Allow", () => {
  for (const method of ["POST", "HEAD", "get", "CONNECT", "", "GET "]) {
    const refusal = refuse(request([], method));
    assertEquals([refusal.status, refusal.fields], [405, [["Allow", "GET"]]]);
  }
});

// RFC 9110 §7.8 MUST http-1.0
Deno.test("acceptHandshake() refuses HTTP below 1.1", () => {
  for (const version of ["1.0", "0.9"]) {
    const refusal = refuse(request([], "GET", version));
    assertEquals(refusal.status, 400);
    assertMatch(refusal.reason, /HTTP version must be 1.1 or higher, received "(1.0|0.9)"/);
  }
  for (const version of ["1.1", "1.2", "2.0"]) accept(request([], "GET", version));
});

// RFC 6455 §4.2.1 Text host
Deno.test("acceptHandshake() requires exactly one well-formed Host", () => {
  for (
    const lines of [[["Host", null]], [["Host", ""]], [["Host", "a"], ["Host", "a"]], [["Host", "a/b"]], [[
      "Host",
      "caf\xe9",
    ]]] as Lines[]
  ) {
    const refusal = refuse(request(lines));
    assertEquals(refusal.status, 400);
    assertMatch(refusal.reason, /Host must be one host/);
  }
  accept(request([["Host", null]]), { requireHost: false });
  accept(request([["Host", "[::1]:80"]]), { requireHost: true });
});

// RFC 6455 §4.2.2 MUST version
// RFC 6455 §4.4 MUST
// RFC 9110 §7.8 MUST required
Deno.test("acceptHandshake() answers another version with 426 and the one it speaks", () => {
  for (const version of ["0", "8", "7, 8", "13, 8", "14", "013", "13.0", "", "+13", "1e1", "abc"]) {
    const refusal = refuse(request([["Sec-WebSocket-Version", version]]));
    assertEquals(refusal.status, 426, version);
    assertEquals(new Headers(refusal.fields as [string, string][]).get("sec-websocket-version"), "13");
    assertEquals(new Headers(refusal.fields as [string, string][]).get("upgrade"), "websocket");
    assertEquals(new Headers(refusal.fields as [string, string][]).get("connection"), "Upgrade");
    assertMatch(refusal.reason, /Sec-WebSocket-Version must be 13/);
  }
  assertEquals(refuse(request([["Sec-WebSocket-Version", "13"], ["Sec-WebSocket-Version", "13"]])).status, 426);
});

Deno.test("acceptHandshake() answers a missing version with 400 and the one it speaks", () => {
  const refusal = refuse(request([["Sec-WebSocket-Version", null]]));
  assertEquals([refusal.status, refusal.fields], [400, [["Sec-WebSocket-Version", "13"]]]);
});

// Row: old-handshakes
Deno.test("acceptHandshake() refuses a hixie-76 and an older hybi handshake", () => {
  const hixie = new HeadFields([
    ["Upgrade", "WebSocket"],
    ["Connection", "Upgrade"],
    ["Host", "example.com"],
    ["Origin", "http://example.com"],
    ["Sec-WebSocket-Key1", "4 @1  46546xW%0l 1 5"],
    ["Sec-WebSocket-Key2", "12998 5 Y3 1  .P00"],
  ]);
  assertEquals(refuse({ method: "GET", fields: hixie, version: "1.1" }).status, 400);
  const hybi: Lines = [["Sec-WebSocket-Version", "8"], ["Sec-WebSocket-Origin", "http://example.com"]];
  assertEquals(refuse(request(hybi)).status, 426);
});

// RFC 6455 §4.2.1 Text key
Deno.test("acceptHandshake() refuses an invalid key", () => {
  for (const key of [null, "", "x", RFC_KEY.slice(1), RFC_KEY + "=", "dGhlIHNhbXBsZSBub25jZR==", "a".repeat(24)]) {
    const refusal = refuse(request([["Sec-WebSocket-Key", key]]));
    assertEquals([refusal.status, refusal.fields], [400, []]);
    assertMatch(refusal.reason, /Sec-WebSocket-Key must be 16 bytes in base64/);
  }
  assertEquals(refuse(request([["Sec-WebSocket-Key", RFC_KEY], ["Sec-WebSocket-Key", RFC_KEY]])).status, 400);
});

Deno.test("acceptHandshake() refuses a request with a body", () => {
  accept(request([["Content-Length", "0"]]));
  for (
    const lines of [[["Content-Length", "5"]], [["Content-Length", "00"]], [["Content-Length", "0"], [
      "Content-Length",
      "5",
    ]]] as Lines[]
  ) {
    assertMatch(refuse(request(lines)).reason, /Content-Length of 0/);
  }
  for (const coding of ["chunked", "", "identity"]) {
    const refusal = refuse(request([["Transfer-Encoding", coding]]));
    assertEquals(refusal.status, 400);
    assertMatch(refusal.reason, /no Transfer-Encoding/);
  }
});

// RFC 6455 §4.2.2 MUST refusal
Deno.test("acceptHandshake() admits only the allowed origins", () => {
  const allowedOrigins = ["https://example.com"];
  accept(request([["Origin", "https://example.com"]]), { allowedOrigins });
  accept(request([["Origin", "http://a\xe9<>, //%"]]));
  accept(request());
  for (
    const origin of [
      null,
      "",
      "null",
      "http://example.com",
      "https://evil-example.com",
      "https://example.com:444",
      "https://EXAMPLE.com",
    ]
  ) {
    const refusal = refuse(request([["Origin", origin]]), { allowedOrigins });
    assertEquals([refusal.status, refusal.fields], [403, []]);
    assertMatch(refusal.reason, /Origin must be one of the allowed origins/);
  }
  const twice: Lines = [["Origin", "https://example.com"], ["Origin", "https://example.com"]];
  assertEquals(refuse(request(twice), { allowedOrigins }).status, 403);
  assertEquals(refuse(request([["Origin", "https://example.com"]]), { allowedOrigins: [] }).status, 403);
});

Deno.test("acceptHandshake() admits only the allowed hosts", () => {
  accept(request(), { allowedHosts: ["SERVER.example.com"] });
  for (const host of ["example.com", "server.example.com:80", "evil-server.example.com"]) {
    const refusal = refuse(request([["Host", host]]), { allowedHosts: ["server.example.com"] });
    assertEquals([refusal.status, refusal.fields], [403, []]);
    assertMatch(refusal.reason, /Host must be one of the allowed hosts/);
  }
  assertEquals(refuse(request([["Host", null]]), { allowedHosts: ["a"], requireHost: false }).status, 403);
});

// RFC 6455 §4.2.2 MUST subprotocol
Deno.test("acceptHandshake() chooses the client's first subprotocol that the server accepts", () => {
  const offers: Lines[] = [
    [["Sec-WebSocket-Protocol", "a,b"]],
    [["Sec-WebSocket-Protocol", "a, b"]],
    [["Sec-WebSocket-Protocol", "a"], ["Sec-WebSocket-Protocol", "b"]],
  ];
  for (const offer of offers) {
    assertEquals(accept(request(offer), { acceptProtocols: ["b", "a"] }).protocol, "a");
    assertEquals(accept(request(offer), { acceptProtocols: ["b"] }).protocol, "b");
    assertEquals(accept(request(offer), { acceptProtocols: ["A"] }).protocol, null);
    assertEquals(accept(request(offer)).protocol, null);
  }
  assertEquals(accept(request(), { acceptProtocols: ["a"] }).protocol, null);
});

Deno.test("acceptHandshake() refuses a malformed list of subprotocols or extensions", () => {
  const lists: Lines[] = [
    [["Sec-WebSocket-Protocol", ""]],
    [["Sec-WebSocket-Protocol", "a b"]],
    [["Sec-WebSocket-Protocol", "a, a"]],
    [["Sec-WebSocket-Protocol", "a"], ["Sec-WebSocket-Protocol", "a"]],
    [["Sec-WebSocket-Extensions", ""]],
    [["Sec-WebSocket-Extensions", "a;"]],
    [["Sec-WebSocket-Extensions", 'a; b="']],
  ];
  for (const list of lists) {
    const refusal = refuse(request(list), { acceptProtocols: ["a"] });
    assertEquals([refusal.status, refusal.fields], [400, []]);
    assert(refusal.reason.includes(list[0][0]));
  }
});

Deno.test("acceptHandshake() passes on the extensions that the client offers", () => {
  const lines: Lines = [["Sec-WebSocket-Extensions", "a; b"], ["Sec-WebSocket-Extensions", "__proto__"]];
  assertEquals(accept(request(lines)).offers, [
    { name: "a", parameters: [{ name: "b", value: null }] },
    { name: "__proto__", parameters: [] },
  ]);
});

Deno.test("acceptHandshake() never echoes raw what was received", () => {
  const hostile = "<script>\r\n\0\x1b[2J\xe9" + "x".repeat(10_000);
  const names = [
    "Host",
    "Upgrade",
    "Connection",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Content-Length",
    "Transfer-Encoding",
    "Origin",
  ];
  for (const name of names) {
    const { reason } = refuse(request([[name, hostile]]), { allowedOrigins: [] });
    assertFalse(reason.includes("<"));
    assert(reason.length < 512);
  }
  assertFalse(refuse(request([], hostile)).reason.includes("<"));
});

Deno.test("acceptHandshake() passes on an error of the digest it was given", () => {
  const broken = () => {
    throw new RangeError("no digest");
  };
  assertThrows(() => acceptHandshake(request(), { sha1: broken }), RangeError, "no digest");
});

// Row: long-lists
Deno.test("acceptHandshake() takes linear time on hostile lists", () => {
  for (const name of ["Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions", "Connection", "Upgrade"]) {
    const ratio = growth((size) => {
      acceptHandshake(request([[name, "a" + " ".repeat(size) + "b"]]), { sha1 });
    }, 65_536);
    assert(ratio < 40, `${name}: ${ratio}`);
  }
});

Deno.test("isHandshake() distinguishes a handshake from other requests", () => {
  assert(isHandshake(request()));
  assert(isHandshake(request([["Connection", "keep-alive, upgrade"], ["Upgrade", "WebSocket"]])));
  // What comes later in the check is not looked at.
  assert(isHandshake(request([["Host", null], ["Sec-WebSocket-Key", null]])));
  for (const name of ["Upgrade", "Connection", "Sec-WebSocket-Version"]) {
    assertFalse(isHandshake(request([[name, null]])), name);
    assertFalse(isHandshake(request([[name, "8"]])), name);
  }
  assertFalse(isHandshake(request([], "POST")));
});

// RFC 6455 §4.2.2 MUST response
// RFC 9110 §7.8 MUST connection
Deno.test("responseFields() composes the response of RFC 6455 1.2", () => {
  const acceptance = accept(request([["Sec-WebSocket-Protocol", "chat"]]), { acceptProtocols: ["chat"] });
  assertEquals(
    textOf(formatResponseHead(101, responseFields(acceptance))),
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${RFC_ACCEPT}\r\nSec-WebSocket-Protocol: chat\r\n\r\n`,
  );
});

Deno.test("responseFields() adds extensions and the caller's own fields", () => {
  const acceptance = accept(request());
  const fields = responseFields(acceptance, { extensions: "a; b", fields: [["Set-Cookie", "a"], ["Set-Cookie", "b"]] });
  assertEquals(fields.slice(3), [["Sec-WebSocket-Extensions", "a; b"], ["Set-Cookie", "a"], ["Set-Cookie", "b"]]);
  assertEquals(responseFields(acceptance, { extensions: "" }).length, 3);
  assertEquals(responseFields(acceptance, { extensions: null }).length, 3);
});

// RFC 9110 §5.3 MUST once
Deno.test("responseFields() refuses injections, and fields that the handshake sets itself", () => {
  const acceptance = accept(request());
  assertThrows(
    () => responseFields(acceptance, { fields: [["Sec-WebSocket-Protocol", "x"]] }),
    TypeError,
    "acceptProtocols",
  );
  assertThrows(() => responseFields(acceptance, { fields: [["X", "a\r\nb"]] }), TypeError);
  assertThrows(() => responseFields(acceptance, { extensions: "a\r\nb: c" }), TypeError);
});
