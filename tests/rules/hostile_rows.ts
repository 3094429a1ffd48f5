/** What hostile and broken peers do, row by row. Tests cite them as `citations.ts` says: `// Row: mask`. */

import type { HostileRow, HostileSection } from "./rule.ts";

const FRAMES = {
  "reserved-bit": {
    happens: "A reserved bit is set that no negotiated extension uses",
    outcome: "Closes 1002",
    seen: "RFC 6455 §5.2",
  },
  "reserved-opcode": {
    happens: "An opcode of 3-7 or 11-15",
    outcome: "Closes 1002",
    seen: "RFC 6455 §5.2",
  },
  "mask": {
    happens: "A client's frame comes without a mask, a server's with one",
    outcome: "Closes 1002",
    seen: "RFC 6455 §5.1",
  },
  "control-frame": {
    happens: "A control frame is longer than 125 bytes, or in fragments",
    outcome: "Closes 1002",
    seen: "RFC 6455 §5.5",
  },
  "fragment-order": {
    happens: "A continuation without a first fragment; a new message inside another one",
    outcome: "Closes 1002",
    seen: "RFC 6455 §5.4",
  },
  "length-form": {
    happens: "A length that is not in its shortest form",
    outcome: "Closes 1002",
    seen: "RFC 6455 §5.2",
  },
  "length-size": {
    happens: "A length with its top bit set, above 2^53-1, or one above `maxLength`",
    outcome: "Closes 1002 or 1009; no memory is reserved for the length a header claims",
    seen: "CVE-2026-1528, CVE-2020-27813",
  },
  "message-too-long": {
    happens: "A message longer than `maxLength` in one frame",
    outcome: "Closes 1009 on the header, before the payload is read",
  },
  "fragments-too-long": {
    happens: "A message longer than `maxLength` in fragments that are each shorter",
    outcome: "Closes 1009",
    seen: "CVE-2026-12151",
  },
  "endless-fragments": {
    happens: "Endless fragments of one byte or none",
    outcome:
      "Closes 1008 above `maxFragments`; fragments pin no memory of their own. 4 MiB in 65,537 fragments are fine",
    seen: "CVE-2026-48779",
  },
  "single-bytes": {
    happens: "One byte per TCP segment",
    outcome: "Linear time; no memory is kept per piece",
    seen: "CVE-2026-48779",
  },
  "utf8": {
    happens: "Text that is not UTF-8: in one frame, across fragments, inside a character",
    outcome: "Closes 1007 at the first byte that can't be valid",
    seen: "RFC 6455 §8.1",
  },
  "close-payload": {
    happens: "A Close of one byte, with a code that may not be sent, with a reason that is not UTF-8",
    outcome: "Closes 1002, 1002, 1007",
    seen: "RFC 6455 §7.4",
  },
  "after-close": {
    happens: "Frames after a Close",
    outcome: "Ignored",
    seen: "RFC 6455 §5.5.1",
  },
  "ping-flood": {
    happens: "A million Pings from a peer that never reads the Pongs",
    outcome: "The last one is answered; the queue stays bounded",
    seen: "RFC 6455 §5.5.3",
  },
  "caller-buffer": {
    happens: "A client sends bytes that its caller keeps using",
    outcome: "Masking never writes into them",
  },
  "views": {
    happens: "Every kind of view, with an offset; a SharedArrayBuffer; a number",
    outcome: "Exactly the bytes in view are sent, or a TypeError is thrown",
    seen: "CVE-2026-45736",
  },
} as const satisfies Record<string, HostileRow>;

const COMPRESSION = {
  "bomb": {
    happens: "1 MB that inflates to 1 GB, in one frame or in many, on many connections at once",
    outcome: "Inflating stops one byte above `maxLength`; closes 1009",
    seen: "CVE-2026-1526, CVE-2018-1000518",
  },
  "bombs": {
    happens: "40 messages at once that inflate to `maxLength` each",
    outcome: "All are delivered, one after another, within a memory budget for the whole process",
  },
  "corrupt-deflate": {
    happens: "DEFLATE data that is corrupt or cut off",
    outcome: "Closes 1007",
    seen: "RFC 7692 §7.2.2",
  },
  "final-block": {
    happens: "A block with BFINAL set, which is legal",
    outcome: "Delivered, and the next message too",
    seen: "RFC 7692 §7.2.3.4, npm ws #1669",
  },
  "rsv1": {
    happens: "RSV1 on a control frame or a continuation",
    outcome: "Closes 1002",
    seen: "RFC 7692 §6",
  },
  "window-bits": {
    happens: 'Parameters of 0, 7, 16, 99, `""`, `08`, `1e1`, -1; duplicates; unknown ones; values where none belongs',
    outcome: "A server declines the offer, a client fails the handshake",
    seen: "CVE-2026-2229",
  },
  "compressed-churn": {
    happens: "1,000 compressed connections that come and go",
    outcome: "Their memory is freed",
    seen: "npm ws #804",
  },
} as const satisfies Record<string, HostileRow>;

const HANDSHAKE = {
  "endless-head": {
    happens: "An endless request line, endless header fields, 2,000 of them before `Upgrade`",
    outcome: "414 or 431, after a bounded number of bytes",
    seen: "CVE-2026-54465, CVE-2024-37890",
  },
  "chunked-head": {
    happens: "20 MB of head in small chunks",
    outcome: "Linear time",
    seen: "CVE-2023-43669",
  },
  "slow-head": {
    happens: "A head that arrives one byte now and then",
    outcome: "408 at `handshakeTimeout`",
    seen: "Slow loris",
  },
  "long-lists": {
    happens: "64 KiB of spaces, or of backslashes in quotes, in a list of subprotocols or extensions",
    outcome: "Read once from left to right, in milliseconds",
    seen: "CVE-2021-32640, CVE-2020-7662",
  },
  "prototype-names": {
    happens: "Extensions and parameters called `__proto__`, `constructor`, `toString`",
    outcome: "Treated like any other unknown name",
    seen: "npm ws 3.3.1",
  },
  "host-origin-target": {
    happens: "A malformed Host or Origin; a target that is absolute, `//`, `%`, or has bytes above 0x7f",
    outcome: "400, or accepted unchanged",
    seen: "CVE-2026-61666, CVE-2026-14631",
  },
  "old-handshakes": {
    happens: "The handshakes of hixie-76 and of older drafts",
    outcome: "400 or 426",
    seen: "CVE-2026-54466",
  },
  "list-fields": {
    happens: "`Connection: keep-alive, Upgrade`, `Upgrade: WebSocket`, the same over several lines",
    outcome: "Accepted",
    seen: "RFC 9110 §5.6.1",
  },
  "subprotocols": {
    happens: "Subprotocols as `a,b`, as `a, b`, on two lines; a duplicate; one that is not a token",
    outcome: "The right one is chosen; 400 for the last two",
    seen: "RFC 6455 §4.1",
  },
  "origins": {
    happens: "`allowedOrigins` is given: another scheme, port, case or name, `null`, none",
    outcome: "403 unless it is listed exactly",
    seen: "CVE-2026-27977",
  },
  "injection": {
    happens: "CR, LF or NUL in what the caller puts into a head",
    outcome: "TypeError",
    seen: "CVE-2026-1527",
  },
  "bad-answer": {
    happens:
      "A server's response has a wrong accept value, lacks Upgrade or Connection, or selects something never offered",
    outcome: "HandshakeError, and TCP ends",
  },
  "refusals": {
    happens: "A server answers 401 with a body, 302, 200, half a 101, or endlessly",
    outcome: "HandshakeError with `status`, `headers` and up to 64 KiB of `body`",
  },
  "silent-server": {
    happens: "A server accepts the connection and sends nothing",
    outcome: "HandshakeError at `handshakeTimeout`",
  },
  "redirects": {
    happens: "A redirect to another origin, and one from wss: to ws:",
    outcome: "Credentials, the caller's `Host` and certificate are dropped; the second is not followed",
  },
  "endless-refusal": {
    happens: "A refusal has an endless body",
    outcome: "HandshakeError at once, with the part of the body that arrived",
  },
  "proxy": {
    happens: "A proxy stalls, leaves, breaks the protocol, or redirects",
    outcome: "`PROXY_FAILED` within `handshakeTimeout`; credentials are in no error, and never reach the server",
    seen: "CVE-2016-5385, for the environment",
  },
  "terminal": {
    happens: "A message, a Close or a refusal contains escape sequences, or marks that reverse the direction of text",
    outcome: "The command line shows them as text: nothing else on the screen changes",
  },
  "certificates": {
    happens: "A certificate that is untrusted, expired, or for another host",
    outcome: "HandshakeError with the reason from TLS",
    seen: "CVE-2020-15133",
  },
  "early-frames": {
    happens: "Frames in the same segment as the request or the 101",
    outcome: "Delivered",
  },
} as const satisfies Record<string, HostileRow>;

const LIFE = {
  "lost": {
    happens: "TCP is reset, half-closed, or ends inside a frame",
    outcome: '`"close"` with 1006, once; no rejection is left unhandled',
  },
  "no-close": {
    happens: "A peer never answers our Close",
    outcome: "TCP ends at `closeTimeout`",
  },
  "silent-peer": {
    happens: "A peer is silent, as if its cable were pulled",
    outcome: "1006 after `pingTimeout`",
  },
  "slow-receiver": {
    happens: "A peer reads a long message slowly, and a Ping waits behind it",
    outcome: "The message arrives whole: bytes that the peer accepts are a sign of life",
  },
  "late-timer": {
    happens: "The process is held up for longer than a time-out, while a peer answers in time",
    outcome: "What has arrived is read before the peer is cut",
  },
  "control-and-limits": {
    happens: "A Ping or a Pong is sent while more than `backpressureLimit` is queued",
    outcome: "It is sent: the limit applies to messages only",
  },
  "long-message": {
    happens: "One message takes longer than `idleTimeout`, in either direction",
    outcome: "Its bytes count as activity",
  },
  "flooder": {
    happens: "A peer floods the server with short messages",
    outcome: "The others' round trips stay within milliseconds",
  },
  "listener-rejects": {
    happens: "An `async` listener or callback rejects",
    outcome: "1011 to the peer, `LISTENER_FAILED` and `onError` here; the process keeps running",
  },
  "detached-buffer": {
    happens: "A buffer above 64 KiB is transferred away after `send`",
    outcome: "That connection ends with a clear error; no other is affected",
  },
  "kept-writes": {
    happens: "A Duplex or a stream that a connection runs over keeps or transfers what is written to it",
    outcome: "Its peer gets the bytes that were sent; buffers of the caller and of other connections stay unchanged",
  },
  "waits-leave-nothing": {
    happens: "An application calls `sendStream`, `ping`, `drained` or `receive` again and again on one connection",
    outcome: "They leave nothing behind that lasts until the connection ends",
  },
  "shared-memory": {
    happens: "An application looks at, transfers or keeps `message.buffer`",
    outcome: "It sees no byte of another connection, and pins little more than the message",
  },
  "reserved-memory": {
    happens: "A header announces a long message, and little follows",
    outcome: "Memory is reserved as bytes arrive",
  },
  "not-reading": {
    happens: "A peer stops reading",
    outcome:
      "`bufferedAmount`, `desiredSize` and `send` show it; above `backpressureLimit` the connection is closed with 1013",
  },
  "handler-throws": {
    happens: "A handler or a listener throws, or answers after its peer has gone",
    outcome: "The server keeps running; `onError` gets the error",
  },
  "shutdown": {
    happens: "`shutdown()` with 1,000 connections, some of whose peers are stuck",
    outcome: "Each gets 1001; all end within `closeTimeout`, and `finished` resolves",
  },
  "server-killed": {
    happens: "A server is killed mid-message",
    outcome: "The client delivers every complete message, and reports 1006",
  },
} as const satisfies Record<string, HostileRow>;

const PRODUCTION = {
  "silent-tls": {
    happens: "Clients connect to a TLS port, and never finish the TLS handshake, or finish it and send nothing",
    outcome: "Their places are freed at `handshakeTimeout`, even if a write is stuck",
  },
  "leaving-early": {
    happens: "A client leaves while a handler waits, or while a body is streamed to it",
    outcome: "`request.signal` aborts, the body is canceled, the place is freed",
  },
  "slow-page": {
    happens: "A client reads a large response slowly but steadily",
    outcome: "It arrives whole: `handshakeTimeout` limits each wait, not their sum",
  },
} as const satisfies Record<string, HostileRow>;

/** All rows. */
export const HOSTILE_SECTIONS: readonly HostileSection[] = [
  { title: "Frames", rows: FRAMES },
  { title: "Compression", rows: COMPRESSION },
  { title: "Handshake", rows: HANDSHAKE },
  { title: "Life of a connection", rows: LIFE },
  { title: "Life in production", rows: PRODUCTION },
];
