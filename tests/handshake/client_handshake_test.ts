import { assert, assertEquals, assertFalse, assertMatch, assertThrows } from "@std/assert";
import {
  checkResponse,
  type CheckResponseOptions,
  formatRequestHead,
  isInterimResponse,
  requestFields,
  type RequestHeadOptions,
  type ResponseAcceptance,
} from "../../src/handshake/client_handshake.ts";
import type { Field } from "../../src/http/format_head.ts";
import { HeadFields } from "../../src/http/head_fields.ts";
import { RequestHeadParser } from "../../src/http/request_head_parser.ts";
import type { ResponseHead } from "../../src/http/response_head_parser.ts";
import { acceptHandshake, responseFields } from "../../src/handshake/server_handshake.ts";
import { RFC_ACCEPT, RFC_KEY, sha1, textOf } from "../http/_bytes.ts";

const OPTIONS: RequestHeadOptions = { target: "/chat", host: "server.example.com", key: RFC_KEY };

/** What must not get into a head. */
const INJECTIONS = ["\r\nX: y", "a\nb", "a\rb", "a\0b", "a\x7f", "\u0100", "\u{1f600}"];

function response(changes: [name: string, value: string | null][] = [], status = 101): ResponseHead {
  const good: [string, string][] = [["Upgrade", "websocket"], ["Connection", "Upgrade"], [
    "Sec-WebSocket-Accept",
    RFC_ACCEPT,
  ]];
  const changed = new Set(changes.map(([name]) => name));
  const lines = [...good.filter(([name]) => !changed.has(name)), ...changes];
  const fields = new HeadFields(lines.filter((line): line is [string, string] => line[1] !== null));
  return { version: "1.1", status, reason: "", fields };
}

function open(head: ResponseHead, options: Partial<CheckResponseOptions> = {}): ResponseAcceptance {
  const result = checkResponse(head, { key: RFC_KEY, sha1, ...options });
  assert(result.accepted, result.accepted ? "" : result.violation);
  return result;
}

function violationOf(head: ResponseHead, options: Partial<CheckResponseOptions> = {}): string {
  const result = checkResponse(head, { key: RFC_KEY, sha1, ...options });
  assertFalse(result.accepted);
  assertMatch(result.violation, /^Cannot [ -~]{1,160}, received [ -~]{1,400}[^.]$/);
  return result.violation;
}

// RFC 6455 §4.1 MUST request
// RFC 9112 §2.2 MUST no-extra-lines
// RFC 9110 §7.2 MUST
// RFC 9110 §7.2 SHOULD
// RFC 9110 §10.1.1 MUST no-waiting
Deno.test("formatRequestHead() writes the request of RFC 6455 1.2", () => {
  const head = formatRequestHead({ ...OPTIONS, protocols: ["chat", "superchat"], origin: "http://example.com" });
  assertEquals(
    textOf(head),
    "GET /chat HTTP/1.1\r\nHost: server.example.com\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Key: ${RFC_KEY}\r\nSec-WebSocket-Version: 13\r\nOrigin: http://example.com\r\n` +
      "Sec-WebSocket-Protocol: chat, superchat\r\n\r\n",
  );
});

// RFC 9110 §5.6.1.1 MUST
Deno.test("formatRequestHead() omits what is not offered", () => {
  for (const options of [{}, { protocols: [], extensions: null, origin: null }, { extensions: "" }]) {
    assertEquals(requestFields({ ...OPTIONS, ...options }).map(([name]) => name), [
      "Host",
      "Upgrade",
      "Connection",
      "Sec-WebSocket-Key",
      "Sec-WebSocket-Version",
    ]);
  }
});

Deno.test("formatRequestHead() adds extensions and the caller's own fields", () => {
  const fields: Field[] = [["Cookie", "a=1"], ["X-A", "1"], ["X-A", "2"]];
  const head = textOf(formatRequestHead({ ...OPTIONS, extensions: "a; b, c", fields }));
  assert(head.endsWith("\r\nSec-WebSocket-Extensions: a; b, c\r\nCookie: a=1\r\nX-A: 1\r\nX-A: 2\r\n\r\n"), head);
});

Deno.test("formatRequestHead() lets the caller choose another Host", () => {
  const parser = new RequestHeadParser();
  parser.push(formatRequestHead({ ...OPTIONS, fields: new Headers({ host: "other:81" }) }));
  assertEquals(parser.head.fields.getAll("host"), ["other:81"]);
  assertEquals([...parser.head.fields][0][0], "Host");
  assertThrows(
    () => requestFields({ ...OPTIONS, fields: [["Host", "a"], ["host", "a"]] }),
    TypeError,
    "there must be one at most",
  );
  assertThrows(() => requestFields({ ...OPTIONS, fields: [["Host", "a/b"]] }), TypeError, "Cannot write Host");
});

// RFC 6455 §4.1 MUST origin
Deno.test("formatRequestHead() accepts Origin from the caller once", () => {
  const fields: Field[] = [["origin", "http://a"]];
  assertEquals(requestFields({ ...OPTIONS, fields }).at(-1), ["origin", "http://a"]);
  assertThrows(() => requestFields({ ...OPTIONS, fields, origin: "http://a" }), TypeError, "option origin");
});

Deno.test("formatRequestHead() refuses a target, host or key that can't be sent", () => {
  for (const target of ["", "/a b", "/a\tb", "/a#b", "/caf\xe9", ...INJECTIONS]) {
    assertThrows(() => formatRequestHead({ ...OPTIONS, target }), TypeError, "request target", target);
  }
  for (const host of ["", "a b", "a/b", "user@a", "caf\xe9", ...INJECTIONS]) {
    assertThrows(() => formatRequestHead({ ...OPTIONS, host }), TypeError, "Cannot write Host", host);
  }
  for (const key of ["", "abc", RFC_KEY + "\r\n", ...INJECTIONS]) {
    assertThrows(() => formatRequestHead({ ...OPTIONS, key }), TypeError, "Sec-WebSocket-Key", key);
  }
});

// Row: injection
// RFC 9112 §6.1 MUST client
// RFC 9110 §8.6 SHOULD no-content
// RFC 9110 §9.3.1 SHOULD
Deno.test("formatRequestHead() refuses injections, and fields that the handshake sets itself", () => {
  for (const text of INJECTIONS) {
    assertThrows(() => formatRequestHead({ ...OPTIONS, origin: text }), TypeError, "Origin");
    assertThrows(() => requestFields({ ...OPTIONS, origin: text }), TypeError, "Origin");
    assertThrows(() => formatRequestHead({ ...OPTIONS, protocols: [text] }), TypeError);
    assertThrows(() => formatRequestHead({ ...OPTIONS, fields: [["X", text]] }), TypeError);
    assertThrows(() => formatRequestHead({ ...OPTIONS, fields: [[text, "x"]] }), TypeError);
    assertThrows(() => formatRequestHead({ ...OPTIONS, extensions: text }), SyntaxError);
  }
  for (const name of ["Connection", "upgrade", "Sec-WebSocket-Key", "Sec-WebSocket-Protocol", "Content-Length"]) {
    assertThrows(() => formatRequestHead({ ...OPTIONS, fields: [[name, "x"]] }), TypeError, "handshake sets it itself");
  }
  assertThrows(() => formatRequestHead({ ...OPTIONS, protocols: ["a", "a"] }), TypeError, "twice");
  assertThrows(() => formatRequestHead({ ...OPTIONS, extensions: "a;" }), SyntaxError);
});

Deno.test("checkResponse() accepts the response of RFC 6455 1.2", () => {
  const head = response([["Sec-WebSocket-Protocol", "chat"]]);
  assertEquals(open(head, { protocols: ["chat", "superchat"] }), { accepted: true, protocol: "chat", extensions: [] });
});

Deno.test("checkResponse() refuses a status other than 101", () => {
  for (const status of [100, 102, 200, 204, 301, 302, 400, 401, 403, 404, 426, 500, 503]) {
    assertMatch(violationOf(response([], status)), new RegExp(`must be 101, received "${status}"`));
  }
});

// RFC 9110 §15.2 Text
Deno.test("checkResponse() refuses a 101 of HTTP/1.0, which has no such status", () => {
  const head = response([]);
  open({ ...head, version: "1.2" });
  assertMatch(violationOf({ ...head, version: "1.0" }), /version must be 1.1 or higher, received "1.0"/);
});

// RFC 6455 §4.1 MUST upgrade
Deno.test("checkResponse() requires Upgrade to be websocket and nothing else", () => {
  open(response([["Upgrade", "WebSocket"]]));
  for (const upgrade of [null, "", "h2c", "websocket, h2c", "websocket/13", "websockets", "websoc\u212aet"]) {
    assertMatch(violationOf(response([["Upgrade", upgrade]])), /Upgrade must be websocket/);
  }
  violationOf(response([["Upgrade", "websocket"], ["Upgrade", "websocket"]]));
});

// RFC 6455 §4.1 MUST connection
Deno.test("checkResponse() requires Connection to contain Upgrade", () => {
  open(response([["Connection", "keep-alive, UPGRADE"]]));
  open(response([["Connection", "a"], ["Connection", "upgrade"]]));
  for (const connection of [null, "", "close", "upgraded", "keep-alive"]) {
    assertMatch(violationOf(response([["Connection", connection]])), /Connection must contain Upgrade/);
  }
});

// RFC 6455 §4.1 MUST accept-value
Deno.test("checkResponse() requires the accept value of its own key", () => {
  const wrong = [
    null,
    "",
    "x",
    RFC_KEY,
    RFC_ACCEPT.toLowerCase(),
    RFC_ACCEPT.slice(0, -1),
    RFC_ACCEPT + "=",
    RFC_ACCEPT + ",",
    "t" + RFC_ACCEPT.slice(1),
  ];
  for (const accept of wrong) {
    assertMatch(violationOf(response([["Sec-WebSocket-Accept", accept]])), /Sec-WebSocket-Accept must match the key/);
  }
  violationOf(response([["Sec-WebSocket-Accept", RFC_ACCEPT], ["Sec-WebSocket-Accept", RFC_ACCEPT]]));
  violationOf(response(), { key: "AAAAAAAAAAAAAAAAAAAAAA==" });
});

// RFC 6455 §4.1 MUST subprotocol-not-offered
Deno.test("checkResponse() refuses a subprotocol that was not offered", () => {
  for (const protocol of ["", "b", "A", "a, b", "a,b", "a, a", "a b", '"a"', "__proto__"]) {
    const head = response([["Sec-WebSocket-Protocol", protocol]]);
    assertMatch(violationOf(head, { protocols: ["a", "c"] }), /must be one that was offered/);
    violationOf(head);
  }
  violationOf(response([["Sec-WebSocket-Protocol", "a"], ["Sec-WebSocket-Protocol", "a"]]), { protocols: ["a"] });
});

Deno.test("checkResponse() lets the server choose no subprotocol unless one is required", () => {
  assertEquals(open(response(), { protocols: ["a"] }).protocol, null);
  assertEquals(open(response(), { protocols: [], requireProtocol: true }).protocol, null);
  assertMatch(violationOf(response(), { protocols: ["a"], requireProtocol: true }), /must be chosen, received none/);
});

// RFC 6455 §4.1 MUST extension-not-offered
// RFC 7692 §5 MUST conflict
Deno.test("checkResponse() refuses an extension that was not offered", () => {
  const agreed = response([["Sec-WebSocket-Extensions", "a; b=1"]]);
  assertEquals(open(agreed, { extensions: ["c", "a"] }).extensions, [
    { name: "a", parameters: [{ name: "b", value: "1" }] },
  ]);
  assertMatch(violationOf(agreed), /extension must be one that was offered, received "a"/);
  violationOf(agreed, { extensions: ["A", "b"] });
  violationOf(response([["Sec-WebSocket-Extensions", "a, c"]]), { extensions: ["a"] });
  violationOf(response([["Sec-WebSocket-Extensions", "a"], ["Sec-WebSocket-Extensions", "c"]]), { extensions: ["a"] });
  for (const name of ["__proto__", "constructor", "toString"]) {
    violationOf(response([["Sec-WebSocket-Extensions", name]]), { extensions: ["a"] });
  }
});

// RFC 6455 §11.3.2 MUST
Deno.test("checkResponse() refuses a second line of Sec-WebSocket-Extensions", () => {
  for (const second of ["", "b"]) {
    const head = response([["Sec-WebSocket-Extensions", "a"], ["Sec-WebSocket-Extensions", second]]);
    assertMatch(violationOf(head, { extensions: ["a", "b"] }), /once/);
  }
});

// RFC 6455 §4.1 MUST other-rules
Deno.test("checkResponse() refuses a malformed list of extensions", () => {
  for (const value of ["", ",", "a;", "a b", 'a;b="']) {
    assertMatch(
      violationOf(response([["Sec-WebSocket-Extensions", value]]), { extensions: ["a"] }),
      /Cannot read the extensions/,
    );
  }
});

Deno.test("checkResponse() never echoes raw what was received", () => {
  const hostile = "<b>\0\xe9" + "x".repeat(10_000);
  for (
    const name of [
      "Upgrade",
      "Connection",
      "Sec-WebSocket-Accept",
      "Sec-WebSocket-Protocol",
      "Sec-WebSocket-Extensions",
    ]
  ) {
    assert(violationOf(response([[name, hostile]])).length < 512);
  }
});

Deno.test("isInterimResponse() distinguishes interim responses from the final one", () => {
  for (const status of [100, 102, 103, 199]) assert(isInterimResponse(response([], status)), String(status));
  for (const status of [101, 200, 302, 404, 500]) assertFalse(isInterimResponse(response([], status)), String(status));
});

// RFC 9110 §2.3 MUST
Deno.test("both sides of the handshake agree", () => {
  const parser = new RequestHeadParser();
  parser.push(formatRequestHead({ ...OPTIONS, protocols: ["b", "a"], extensions: "x; y" }));
  const acceptance = acceptHandshake(parser.head, { acceptProtocols: ["a", "b"], sha1 });
  assert(acceptance.accepted);
  const fields = new HeadFields(responseFields(acceptance, { extensions: "x; z" }));
  const head: ResponseHead = { version: "1.1", status: 101, reason: "", fields };
  const opened = open(head, { protocols: ["b", "a"], extensions: ["x"] });
  assertEquals(opened.protocol, "b");
  assertEquals(opened.extensions, [{ name: "x", parameters: [{ name: "z", value: null }] }]);
});
