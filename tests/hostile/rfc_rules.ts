/**
 * The rules of RFC 6455, 7692, 9112 and 9110 that apply to a WebSocket endpoint, in short, each with a test that sees it
 * broken, or why there is none.
 *
 * @module
 */

/** One rule. */
export interface Rule {
  /** Where it stands. */
  readonly section: string;
  /** How strong it is. */
  readonly level: "MUST" | "SHOULD";
  /** What it wants, in short. */
  readonly rule: string;
  /** A file of `tests/` and a part of the test's name there; null where there is none. */
  readonly test: readonly [file: string, name: string] | null;
  /** Why there is none. */
  readonly why?: string;
}

/** The rules of one document. */
export interface Document {
  /** Its name. */
  readonly title: string;
  /** Its rules. */
  readonly rules: readonly Rule[];
}

type Line = readonly [
  section: string,
  level: Rule["level"],
  rule: string,
  where: string | null,
  name: string,
];

/** The last part is the test's name, or the reason where there is no file. */
function rules(lines: readonly Line[]): Rule[] {
  return lines.map(([section, level, rule, where, name]) => ({
    section,
    level,
    rule,
    test: where === null ? null : [where, name],
    ...(where === null ? { why: name } : {}),
  }));
}

const REQUEST = "handshake/client_handshake_test.ts";
const ACCEPT = "handshake/server_handshake_test.ts";
const HEAD = "handshake/request_head_parser_test.ts";
const BAD = "protocol/frame_violations_test.ts";
const GOOD = "protocol/frame_vectors_test.ts";
const CLOSE = "protocol/closing_test.ts";
const CONTROL = "protocol/control_frames_test.ts";
const HTTP = "hostile/http_rules_test.ts";
const FLATE = "deflate/protocol_test.ts";
const OFFERS = "deflate/negotiation_test.ts";

const RFC_6455: readonly Line[] = [
  ["3", "MUST", "A URI has no fragment", "client/options_test.ts", "fragment"],
  [
    "4.1",
    "MUST",
    "At most one connection to an address is being opened at a time; others wait",
    null,
    "It is for what opens many by itself, such as a browser; a program of its own sees to that",
  ],
  [
    "4.1",
    "MUST",
    "A proxy is asked to connect",
    null,
    "There is no proxy support; a tunnel is handed in as `transport`",
  ],
  [
    "4.1",
    "MUST",
    "TLS is agreed on before the handshake, and a failure of it fails the connection",
    "client/tls_test.ts",
    "is refused by what speaks no TLS",
  ],
  ["4.1", "MUST", "Server Name Indication is sent", HTTP, "sends the server's name in the TLS handshake"],
  [
    "4.1",
    "MUST",
    "The request is a GET of HTTP/1.1 with target, Host, Upgrade, Connection, key and version 13",
    REQUEST,
    "formatRequestHead() writes the request of RFC 6455 1.2",
  ],
  [
    "4.1",
    "MUST",
    "Host has the port unless it is the default",
    "client/options_test.ts",
    "asks for what the URL names",
  ],
  [
    "4.1",
    "MUST",
    "The key is 16 random bytes, new for each connection",
    "client/options_test.ts",
    "makes a new key for every connection",
  ],
  ["4.1", "MUST", "A browser sends Origin; others may", REQUEST, "lets the caller give Origin once"],
  [
    "4.1",
    "MUST",
    "Subprotocols are tokens, each named once",
    "handshake/subprotocol_test.ts",
    "takes an array of different tokens",
  ],
  [
    "4.1",
    "MUST",
    "The client sends nothing more before the answer has come",
    "driver/opening_test.ts",
    "queues while the client's side is connecting",
  ],
  [
    "4.1",
    "MUST",
    "A status other than 101 is handled as HTTP has it",
    "client/handshake_test.ts",
    "rejects with status, headers and body",
  ],
  [
    "4.1",
    "MUST",
    "An answer without `Upgrade: websocket` fails",
    REQUEST,
    "wants Upgrade to be websocket and nothing else",
  ],
  ["4.1", "MUST", "An answer without `Connection: Upgrade` fails", REQUEST, "wants Connection to contain Upgrade"],
  [
    "4.1",
    "MUST",
    "An answer with another Sec-WebSocket-Accept fails",
    REQUEST,
    "wants the accept value of its own key",
  ],
  [
    "4.1",
    "MUST",
    "An answer with an extension never offered fails",
    REQUEST,
    "refuses an extension that was not offered",
  ],
  [
    "4.1",
    "MUST",
    "An answer with a subprotocol never offered fails",
    REQUEST,
    "refuses a subprotocol that was not offered",
  ],
  [
    "4.2.1",
    "MUST",
    "A request that is no handshake is answered with an error of HTTP",
    ACCEPT,
    "acceptHandshake() answers another method with 405",
  ],
  ["4.2.1", "MUST", "The request has a Host", ACCEPT, "wants exactly one well-formed Host"],
  [
    "4.2.1",
    "MUST",
    "Upgrade and Connection are compared without case, in lists",
    ACCEPT,
    "finds the tokens of Upgrade and Connection",
  ],
  ["4.2.1", "MUST", "The key decodes to 16 bytes", ACCEPT, "refuses a key that is none"],
  [
    "4.2.2",
    "MUST",
    "A version that is not understood ends with 426 and the versions that are",
    ACCEPT,
    "answers another version with 426",
  ],
  [
    "4.2.2",
    "SHOULD",
    "An origin that is not acceptable is answered with 403",
    ACCEPT,
    "lets in the allowed origins only",
  ],
  [
    "4.2.2",
    "MUST",
    "The subprotocol is one that the client has named, or none",
    ACCEPT,
    "chooses the client's first subprotocol",
  ],
  [
    "4.2.2",
    "MUST",
    "The 101 has Upgrade, Connection and the right Sec-WebSocket-Accept",
    ACCEPT,
    "responseFields() composes the response of RFC 6455 1.2",
  ],
  [
    "4.3",
    "MUST",
    "Extensions follow the grammar; a header that does not fails the handshake",
    "handshake/extension_list_test.ts",
    "refuses what doesn't follow the grammar",
  ],
  [
    "5.1",
    "MUST",
    "A client masks every frame",
    "protocol/sending_test.ts",
    "masks every frame with the platform's next key",
  ],
  ["5.1", "MUST", "A server closes on a frame without a mask", BAD, "without a mask"],
  ["5.1", "MUST", "A server masks nothing", "protocol/sending_test.ts", "draws no masking key"],
  ["5.1", "MUST", "A client closes on a frame with a mask", BAD, "with a mask"],
  [
    "5.2",
    "MUST",
    "Reserved bits are 0 where no extension has given them a meaning",
    BAD,
    "refuses the reserved bits of",
  ],
  ["5.2", "MUST", "An unknown opcode fails the connection", BAD, "refuses opcode"],
  ["5.2", "MUST", "The top bit of a 64-bit length is 0", BAD, "for its top bit"],
  ["5.2", "MUST", "A length is in its shortest form", BAD, "refuses the length"],
  [
    "5.3",
    "MUST",
    "The masking key can't be predicted, and is new for each frame",
    "protocol/sending_test.ts",
    "gives other keys all the time",
  ],
  ["5.4", "MUST", "Control frames may stand between fragments", GOOD, "takes control frames between fragments"],
  ["5.4", "MUST", "Control frames are not fragmented", BAD, "without FIN"],
  ["5.4", "MUST", "Fragments of messages don't interleave", BAD, "refuses text inside a message"],
  ["5.4", "MUST", "Fragments are delivered in order", GOOD, "takes a fragmented text message"],
  ["5.5", "MUST", "A control frame has at most 125 bytes", BAD, "and 126 bytes"],
  ["5.5.1", "MUST", "A Close body begins with a code of two bytes", CLOSE, "refuses a Close of one byte"],
  ["5.5.1", "MUST", "No data frame follows a Close that was sent", CLOSE, "is the last that is sent"],
  ["5.5.1", "MUST", "A Close is answered with one, where none was sent", CLOSE, "queues the answer to a Close"],
  ["5.5.1", "SHOULD", "The answer comes as soon as practical, and echoes the code", CLOSE, "echoes the close code"],
  [
    "5.5.1",
    "MUST",
    "Both having sent and received a Close, TCP is closed",
    "driver/closing_test.ts",
    "ends both sides with its code and reason",
  ],
  ["5.5.1", "MUST", "The server closes TCP at once", HTTP, "a server ends TCP first"],
  ["5.5.1", "SHOULD", "The client waits for the server to close", HTTP, "leaves the end of TCP to its server"],
  [
    "5.5.2",
    "MUST",
    "A Ping is answered with a Pong, unless a Close has come",
    CONTROL,
    "answers a Ping after our Close, and none after the peer's",
  ],
  ["5.5.2", "SHOULD", "The Pong comes as soon as practical", CONTROL, "queues the Pong before it tells of the Ping"],
  ["5.5.3", "MUST", "A Pong has the payload of its Ping", GOOD, "answers a Ping of 125 bytes"],
  ["5.6", "MUST", "A text message as a whole is UTF-8", "protocol/utf8_test.ts", "across fragments"],
  [
    "6.1",
    "MUST",
    "Data is sent only while the connection is open",
    "driver/messages_test.ts",
    "returns false once the connection is closing",
  ],
  ["6.2", "MUST", "Data is read as a frame, and unmasked", GOOD, "takes the masked examples of RFC 6455 5.7"],
  ["7.1.1", "MUST", "The server is the one to hold TIME_WAIT: it closes first", HTTP, "a server ends TCP first"],
  ["7.1.2", "MUST", "To start a closing handshake, a Close is sent", CLOSE, "begins the closing handshake"],
  [
    "7.1.5",
    "MUST",
    "The code is 1005 where a Close has none, 1006 where none came",
    "driver/closing_test.ts",
    "a Close without a code is reported as 1005",
  ],
  [
    "7.1.7",
    "SHOULD",
    "A connection that fails sends a Close with a fitting code",
    HTTP,
    "sends a Close and doesn't wait",
  ],
  [
    "7.1.7",
    "MUST",
    "After that, no data is processed any more",
    BAD,
    "delivers what stands before a violation and nothing behind it",
  ],
  [
    "7.2.1",
    "MUST",
    "TCP that ends without a Close is reported as 1006",
    "driver/closing_test.ts",
    "a peer that leaves without a Close",
  ],
  [
    "7.2.3",
    "SHOULD",
    "Clients that connect again wait longer each time",
    null,
    "The client connects once; who connects again decides when",
  ],
  ["7.4.1", "MUST", "1005, 1006 and 1015 are never sent", CLOSE, "refuses a code or a reason that may not be sent"],
  ["7.4.2", "MUST", "0-999 are not used", CLOSE, "refuses the close code"],
  [
    "8.1",
    "MUST",
    "What is no UTF-8 where it has to be fails the connection",
    "protocol/utf8_test.ts",
    "fails at the first byte that can't be UTF-8",
  ],
  [
    "9.1",
    "MUST",
    "Extensions are answered in the order of their use, none that was not offered",
    OFFERS,
    "answerOffers() answers",
  ],
  [
    "10.2",
    "SHOULD",
    "A server that is for some sites only checks Origin",
    "server/access_test.ts",
    "answers 403 to any origin",
  ],
  [
    "10.4",
    "MUST",
    "Sizes of frames and messages are limited against exhaustion",
    "protocol/limits_test.ts",
    "refuses maxLength and one",
  ],
  [
    "10.5",
    "SHOULD",
    "Clients may be authenticated as HTTP does it",
    "client/handshake_test.ts",
    "rejects with status, headers and body",
  ],
  ["10.7", "MUST", "What is invalid, or above a limit, fails the connection", "hostile/frames_test.ts", "meets"],
  [
    "11.3.3",
    "MUST",
    "Sec-WebSocket-Accept stands once in an answer",
    HTTP,
    "refuses a second line of Sec-WebSocket-Accept",
  ],
  ["11.3.1", "MUST", "Sec-WebSocket-Key stands once in a request", HTTP, "refuses a second line of Sec-WebSocket-Key"],
  ["11.3.5", "MUST", "Sec-WebSocket-Version stands once in a request", HTTP, "Sec-WebSocket-Version"],
];

const RFC_7692: readonly Line[] = [
  [
    "5",
    "MUST",
    "An offer with a parameter that is unknown, malformed or twice there is declined",
    OFFERS,
    "answerOffers() declines",
  ],
  ["5", "MUST", "An answer with such a parameter fails the connection", OFFERS, "checkAnswer() refuses"],
  ["5.1", "MUST", "An answer that was not offered so fails the connection", OFFERS, "checkAnswer() refuses"],
  ["6", "MUST", "RSV1 stands on the first frame of a message only", FLATE, "refuses RSV1 on a continuation"],
  ["6.1", "MUST", "Control frames are not compressed", FLATE, "refuses RSV1 on a Ping"],
  ["6.2", "MUST", "A message without RSV1 is taken as it is", FLATE, "past one that is not compressed"],
  [
    "7.1.1.1",
    "MUST",
    "A server that agreed to server_no_context_takeover keeps no window",
    "deflate/codec_test.ts",
    "sends without takeover",
  ],
  [
    "7.1.1.2",
    "MUST",
    "A client that was told client_no_context_takeover keeps no window",
    "deflate/codec_test.ts",
    "sends without takeover",
  ],
  ["7.1.2", "MUST", "Window bits are 8 to 15, decimal, without leading zeros", OFFERS, "answerOffers() declines"],
  [
    "7.1.2.1",
    "MUST",
    "A server uses no larger window than it agreed to",
    "deflate/codec_test.ts",
    "read each other with windows",
  ],
  [
    "7.1.2.2",
    "MUST",
    "A server tells client_max_window_bits only where the client has offered it",
    OFFERS,
    "answerOffers() answers",
  ],
  [
    "7.2.1",
    "MUST",
    "The four bytes at the end of a flush are taken off",
    "deflate/codec_test.ts",
    "sends RFC 7692 7.2.3.1",
  ],
  ["7.2.2", "MUST", "They are put back before inflating", FLATE, "inflates one frame"],
  [
    "7.2.3.4",
    "MUST",
    "A block with BFINAL may come, and messages behind it",
    "deflate/codec_test.ts",
    "goes on behind a final block",
  ],
  ["7.2.3.6", "MUST", "An empty message is one byte", FLATE, "takes empty messages"],
];

const RFC_9112: readonly Line[] = [
  ["2.2", "MUST", "A bare CR is invalid", HEAD, "refuses bare LF and bare CR"],
  ["2.2", "SHOULD", "One empty line in front of a request is ignored", HTTP, "takes one empty line in front"],
  [
    "2.2",
    "MUST",
    "White space between start line and first field is refused, or its line ignored",
    HTTP,
    "refuses white space in front of its fields",
  ],
  ["3", "SHOULD", "Request lines of 8,000 bytes are taken", HEAD, "above its limit with 414"],
  ["3", "MUST", "A method or a target that is too long is answered with an error", HEAD, "above its limit with 414"],
  [
    "3.2",
    "MUST",
    "A request of HTTP/1.1 without Host, with two, or with a malformed one is answered with 400",
    "server/serve_test.ts",
    "HOST",
  ],
  [
    "3.2.2",
    "MUST",
    "The absolute form is accepted, and counts for more than Host",
    HTTP,
    "takes a target in absolute form",
  ],
  [
    "5.1",
    "MUST",
    "White space between a name and its colon is answered with 400",
    HEAD,
    "refuses names that are no tokens",
  ],
  ["5.2", "MUST", "A folded line is refused or replaced", HEAD, "refuses folded lines"],
  [
    "6.1",
    "MUST",
    "Transfer-Encoding beside Content-Length is an error, or counts for more",
    HTTP,
    "tells two lengths of a body",
  ],
  ["6.3", "MUST", "A malformed Content-Length can't be recovered from", HTTP, "tells two lengths of a body"],
  ["6.3", "SHOULD", "A body of unknown length may be answered with 411", HTTP, "tells two lengths of a body"],
  ["7.1", "MUST", "The chunked coding of an answer is understood", "client/handshake_test.ts", "keeps 64 KiB of"],
  [
    "9.3",
    "MUST",
    "A connection that doesn't persist says `Connection: close`",
    "server/serve_test.ts",
    "ends the connection behind the answer",
  ],
  [
    "9.6",
    "SHOULD",
    "The writing side is ended first, and the rest read, so that no reset destroys the answer",
    "server/serve_test.ts",
    "have as long as for its request",
  ],
];

const RFC_9110: readonly Line[] = [
  [
    "2.5",
    "MUST",
    "An answer has a version no higher than the server's own",
    "handshake/format_head_test.ts",
    "writes status, reason phrase and fields",
  ],
  ["5.5", "MUST", "CR, LF and NUL in a field are refused or replaced", HEAD, "refuses control characters"],
  [
    "5.6.1",
    "MUST",
    "Empty elements of lists are ignored",
    "handshake/text_test.ts",
    "finds an element whatever its case and place",
  ],
  ["6.6.1", "MUST", "Answers of 2xx, 3xx and 4xx have a Date", HTTP, "dates every answer"],
  ["7.2", "MUST", "A client sends Host", REQUEST, "writes the request of RFC 6455 1.2"],
  [
    "7.6.1",
    "MUST",
    "Fields of the connection are not passed on",
    "server/serve_test.ts",
    "leaves out fields of the connection",
  ],
  ["7.8", "MUST", "Upgrade stands beside `Connection: Upgrade`", ACCEPT, "finds the tokens of Upgrade and Connection"],
  ["7.8", "MUST", "Upgrade in a request of HTTP/1.0 is ignored", ACCEPT, "refuses HTTP below 1.1"],
  [
    "9.1",
    "SHOULD",
    "A method that is not allowed is answered with 405, one that is not known with 501",
    "server/serve_test.ts",
    "501",
  ],
  ["9.3.2", "MUST", "The answer to a HEAD has no body", HTTP, "answers a HEAD without a body"],
  ["10.1.1", "MUST", "100 is sent to who waits for it, before the body is read", HTTP, "answers 100 to who waits"],
  ["10.1.1", "MUST", "The expectation is ignored in HTTP/1.0", HTTP, "answers no 100 where nobody waits"],
  [
    "15.2",
    "MUST",
    "Answers of 1xx in front of the final one are read",
    "client/handshake_test.ts",
    "reads past 1xx responses",
  ],
  ["15.2", "MUST", "HTTP/1.0 has no 1xx: a 101 of it opens nothing", REQUEST, "refuses a 101 of HTTP/1.0"],
  [
    "15.4",
    "SHOULD",
    "Credentials are dropped on the way to another origin",
    "client/redirect_test.ts",
    "leaves credentials behind",
  ],
  ["15.5.6", "MUST", "405 names the methods in Allow", ACCEPT, "answers another method with 405 and Allow"],
  ["15.5.9", "SHOULD", "408 closes the connection", "hostile/handshake_test.ts", "answers 408"],
  ["15.5.22", "MUST", "426 names what to upgrade to", ACCEPT, "answers another version with 426"],
];

/** All rules. */
export const DOCUMENTS: readonly Document[] = [
  { title: "RFC 6455, The WebSocket Protocol", rules: rules(RFC_6455) },
  { title: "RFC 7692, Compression Extensions", rules: rules(RFC_7692) },
  { title: "RFC 9112, HTTP/1.1", rules: rules(RFC_9112) },
  { title: "RFC 9110, HTTP Semantics", rules: rules(RFC_9110) },
];
