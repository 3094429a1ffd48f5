/**
 * Opening handshakes that keep or break a rule, as bytes that any implementation can be asked about.
 *
 * @module
 */
import { handshake } from "../support/raw_peer.ts";

/** A client's request, and how a server has to answer. */
export interface RequestRow {
  /** What the client sends, for the test's name. */
  readonly does: string;
  /** The head; its characters are bytes. */
  readonly head: string;
  /** The statuses that are right. */
  readonly status: readonly number[];
  /** The subprotocol that the server has to choose of `chat` and `superchat`, null for none. */
  readonly protocol?: string | null;
}

/** A server's answer, and whether a client may open on it. */
export interface AnswerRow {
  /** What the server sends, for the test's name. */
  readonly does: string;
  /** The answer, made from the right accept value. */
  readonly answer: (accept: string) => string;
  /** Whether the client opens. */
  readonly opens: boolean;
}

type Changes = Record<string, string | null>;

const lines = (head: string, ...added: string[]) => head.replace("\r\n\r\n", `\r\n${added.join("\r\n")}\r\n\r\n`);

const hosts = ["", "a b", "a, b", "[::1", "a:b", "a:99999", "a/b", "a@b", "é"].map((host): RequestRow => ({
  // Row: host-origin-target
  does: `the Host ${JSON.stringify(host)}`,
  head: handshake({ Host: host }),
  status: [400],
}));

const targets: readonly (readonly [string, readonly number[]])[] = [
  ["//", [101, 400]],
  ["//evil/%2e%2e", [101, 400]],
  ["/%", [101, 400]],
  ["/%zz%00", [101, 400]],
  ["http://other.example/path", [101, 400]],
  ["http://[", [400]],
  ["*", [101, 400]],
  ["example.com:80", [400]],
  ["/\xff\xfe", [400]],
  ["/a b", [400]],
  ["", [400]],
];

const fields: readonly (readonly [string, Changes, readonly number[]])[] = [
  // Row: list-fields
  ["Connection: keep-alive, Upgrade", { Connection: "keep-alive, Upgrade" }, [101]],
  ["Connection: UPGRADE,", { Connection: ",UPGRADE," }, [101]],
  ["Upgrade: WebSocket", { Upgrade: "WebSocket" }, [101]],
  ["Upgrade: h2c, websocket", { Upgrade: "h2c, websocket" }, [101]],
  ["no Upgrade", { Upgrade: null }, [400, 426]],
  ["Upgrade: websockets", { Upgrade: "websockets" }, [400, 426]],
  ["no Connection", { Connection: null }, [400, 426]],
  ["Connection: Upgraded", { Connection: "Upgraded" }, [400, 426]],
  // Row: old-handshakes
  ["version 8", { "Sec-WebSocket-Version": "8" }, [426]],
  ["version 0", { "Sec-WebSocket-Version": "0" }, [426]],
  ["version 255", { "Sec-WebSocket-Version": "255" }, [426]],
  ["version 13, 8", { "Sec-WebSocket-Version": "13, 8" }, [400, 426]],
  ["no version", { "Sec-WebSocket-Version": null }, [400, 426]],
  ["no key", { "Sec-WebSocket-Key": null }, [400]],
  ["a key of 15 bytes", { "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAA" }, [400]],
  ["a key that is not base64", { "Sec-WebSocket-Key": "!!!!!!!!!!!!!!!!!!!!!!==" }, [400]],
  // Row: prototype-names
  ["__proto__ as an extension", { "Sec-WebSocket-Extensions": "__proto__; constructor=1" }, [101]],
  ["toString as an extension", { "Sec-WebSocket-Extensions": "toString, valueOf; a" }, [101]],
  // Row: long-lists
  ["an unfinished list of extensions", { "Sec-WebSocket-Extensions": "a; b=" }, [400]],
  ["8 KiB of spaces in the extensions", { "Sec-WebSocket-Extensions": `a${" ".repeat(8000)}b` }, [400]],
  ["8 KiB of backslashes in quotes", { "Sec-WebSocket-Extensions": `a;b="${"\\c".repeat(4000)}` }, [400]],
  ["8 KiB of spaces in the subprotocols", { "Sec-WebSocket-Protocol": `a${" ".repeat(8000)}b` }, [400]],
];

const subprotocols: readonly RequestRow[] = [
  ["a,chat", "chat"],
  ["a, chat", "chat"],
  ["a ,\tsuperchat , chat", "superchat"],
  ["none", null],
].map(([value, protocol]): RequestRow => ({
  // Row: subprotocols
  does: `the subprotocols ${JSON.stringify(value)}`,
  head: handshake({ "Sec-WebSocket-Protocol": value }),
  status: [101],
  protocol,
}));

/** What clients may send. */
export const REQUEST_ROWS: readonly RequestRow[] = [
  ...hosts,
  // Row: host-origin-target
  { does: "no Host", head: handshake({ Host: null }), status: [400] },
  // Row: host-origin-target
  { does: "two Hosts", head: lines(handshake(), "Host: other.example"), status: [400] },
  ...targets.map(([target, status]): RequestRow => ({
    // Row: host-origin-target
    does: `the target ${JSON.stringify(target)}`,
    head: handshake({}, `GET ${target} HTTP/1.1`),
    status,
  })),
  ...["null", "", "http://", "\xff", "a b", "https://a,https://b"].map((origin): RequestRow => ({
    // Row: host-origin-target
    does: `the Origin ${JSON.stringify(origin)}`,
    head: handshake({ Origin: origin }),
    status: [101, 400],
  })),
  ...fields.map(([does, changes, status]): RequestRow => ({ does, head: handshake(changes), status })),
  {
    // Row: list-fields
    does: "Connection and Upgrade on two lines each",
    head: lines(
      handshake({ Connection: null, Upgrade: null }),
      "Connection: keep-alive",
      "Connection: Upgrade",
      "Upgrade: h2c",
      "Upgrade: websocket",
    ),
    status: [101],
  },
  // Row: list-fields
  { does: "a POST", head: handshake({}, "POST / HTTP/1.1"), status: [400, 404, 405] },
  // Row: list-fields
  { does: "HTTP/1.0", head: handshake({}, "GET / HTTP/1.0"), status: [400, 426, 505] },
  {
    // Row: old-handshakes
    does: "the handshake of hixie-76",
    head: lines(
      handshake({ "Sec-WebSocket-Key": null, "Sec-WebSocket-Version": null }),
      "Sec-WebSocket-Key1: 4 @1  46546xW%0l 1 5",
      "Sec-WebSocket-Key2: 12998 5 Y3 1  .P00",
    ),
    status: [400, 426],
  },
  {
    // Row: old-handshakes
    does: "two keys",
    head: lines(handshake(), "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="),
    status: [400],
  },
  ...subprotocols,
  {
    // Row: subprotocols
    does: "subprotocols on two lines",
    head: lines(handshake(), "Sec-WebSocket-Protocol: a", "Sec-WebSocket-Protocol: superchat"),
    status: [101],
    protocol: "superchat",
  },
  ...["chat, chat", "a b", "(a)", ",", '"chat"'].map((value): RequestRow => ({
    // Row: subprotocols
    does: `the subprotocols ${JSON.stringify(value)}, which are malformed`,
    head: handshake({ "Sec-WebSocket-Protocol": value }),
    status: [400],
  })),
  {
    // Row: endless-head
    does: "2,000 header fields before Upgrade",
    head: handshake({}, `GET / HTTP/1.1\r\n${Array.from({ length: 2000 }, (_, i) => `X-${i}: a`).join("\r\n")}`),
    status: [400, 431],
  },
  {
    // Row: endless-head
    does: "a request line of 256 KiB",
    head: handshake({}, `GET /${"a".repeat(256 * 1024)} HTTP/1.1`),
    status: [400, 414, 431],
  },
  {
    // Row: endless-head
    does: "a header field of 256 KiB",
    head: handshake({ "X-Long": "a".repeat(256 * 1024) }),
    status: [400, 431],
  },
  ...["\0", "a\x7fb", "a\x01b"].map((value): RequestRow => ({
    // Row: injection
    does: `a header field with the byte 0x${latin1(value).toHex().replace(/61/g, "")}`,
    head: handshake({ "X-Odd": value }),
    status: [400],
  })),
  // Row: injection
  { does: "a bare LF in a value", head: handshake({ "X-Odd": "a\nX-More: b" }), status: [400] },
  // Row: injection
  { does: "a bare CR in a value", head: handshake({ "X-Odd": "a\rX-More: b" }), status: [400] },
  // Row: injection
  { does: "a folded line", head: handshake({ "X-Odd": "a\r\n b" }), status: [400] },
  // Row: injection
  { does: "white space before a colon", head: handshake({ "X-Odd ": "a" }), status: [400] },
];

const OPEN: Changes = { "Upgrade": "websocket", "Connection": "Upgrade" };

/** Writes an answer's head. */
function answer(changes: Changes, line = "HTTP/1.1 101 Switching Protocols", body = ""): (accept: string) => string {
  return (accept) => {
    const all: Changes = { ...OPEN, "Sec-WebSocket-Accept": accept, ...changes };
    const written = Object.entries(all).filter(([, value]) => value !== null).map(([name, value]) =>
      `${name}: ${value}`
    );
    return [line, ...written, "", body].join("\r\n");
  };
}

/** Some clients refuse a server that chooses none of the subprotocols: that is left to them. */
const CHAT: Changes = { "Sec-WebSocket-Protocol": "chat" };

/** What servers may answer. The client has offered the subprotocol `chat`. */
export const ANSWER_ROWS: readonly AnswerRow[] = [
  // Row: list-fields
  { does: "the example of the RFC", answer: answer(CHAT), opens: true },
  // Row: list-fields
  { does: "Upgrade: WebSocket", answer: answer({ ...CHAT, Upgrade: "WebSocket" }), opens: true },
  {
    // Row: list-fields
    does: "a list in Connection",
    answer: answer({ ...CHAT, Connection: "keep-alive, upgrade" }),
    opens: true,
  },
  {
    // Row: subprotocols
    does: "the subprotocol offered",
    answer: answer(CHAT),
    opens: true,
  },
  ...([
    // Row: bad-answer
    ["no accept value", { "Sec-WebSocket-Accept": null }],
    ["another accept value", { "Sec-WebSocket-Accept": "AAAAAAAAAAAAAAAAAAAAAAAAAAA=" }],
    ["an empty accept value", { "Sec-WebSocket-Accept": "" }],
    ["no Upgrade", { Upgrade: null }],
    ["Upgrade: h2c", { Upgrade: "h2c" }],
    ["no Connection", { Connection: null }],
    ["Connection: close", { Connection: "close" }],
    ["a subprotocol never offered", { "Sec-WebSocket-Protocol": "superchat" }],
    ["a subprotocol in another case", { "Sec-WebSocket-Protocol": "CHAT" }],
    ["two subprotocols", { "Sec-WebSocket-Protocol": "chat, chat" }],
    ["an extension never offered", { "Sec-WebSocket-Extensions": "x-webkit-deflate-frame" }],
    ["an extension called __proto__", { "Sec-WebSocket-Extensions": "__proto__" }],
    ["a malformed extension", { "Sec-WebSocket-Extensions": ";" }],
  ] as const).map(([does, changes]): AnswerRow => ({
    does,
    answer: answer(changes),
    opens: false,
  })),
  // Row: refusals
  { does: "200", answer: answer({ "Content-Length": "0" }, "HTTP/1.1 200 OK"), opens: false },
  {
    // Row: refusals
    does: "302",
    answer: answer({ "Location": "/there", "Content-Length": "0" }, "HTTP/1.1 302 Found"),
    opens: false,
  },
  {
    // Row: refusals
    does: "401 with a body",
    answer: answer({ "WWW-Authenticate": "Basic", "Content-Length": "4" }, "HTTP/1.1 401 Unauthorized", "Who?"),
    opens: false,
  },
  // Row: refusals
  { does: "HTTP/1.0 101", answer: answer({}, "HTTP/1.0 101 Switching Protocols"), opens: false },
  // Row: refusals
  { does: "something other than HTTP", answer: () => "SSH-2.0-OpenSSH\r\n\r\n", opens: false },
  // Row: refusals
  { does: "half a 101", answer: () => "HTTP/1.1 101 Switching Pro", opens: false },
  // Row: refusals
  { does: "an end of TCP without a byte", answer: () => "", opens: false },
  {
    // Row: injection
    does: "a bare LF",
    answer: (accept) => answer({})(accept).replaceAll("\r\n", "\n"),
    opens: false,
  },
];

/** The bytes of a text whose characters are bytes. */
export function latin1(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
