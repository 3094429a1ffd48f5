// Any heads, cut anywhere, asked of the parsers and of the handshakes' rules.
import { assert, assertEquals, assertInstanceOf, assertLess } from "@std/assert";
import {
  acceptHandshake,
  checkResponse,
  type ExtensionOffer,
  formatExtensions,
  HeadError,
  HeadFields,
  parseExtensions,
  RequestHeadParser,
  ResponseHeadParser,
} from "../../protocol.ts";
import { sha1 } from "../../src/handshake/sha1.ts";
import { HANDSHAKE } from "../support/raw_peer.ts";
import { bytes, cutter } from "./_frames.ts";
import { type FastCheck, fuzzTest } from "./_fuzz.ts";

const PARSERS = [["RequestHeadParser", RequestHeadParser], ["ResponseHeadParser", ResponseHeadParser]] as const;

const LIMITS = { maxStartLine: 200, maxFieldLine: 200, maxHead: 1000, maxFields: 10 };

/** Heads for the most part, as characters that are bytes. */
function head(fc: typeof FastCheck): FastCheck.Arbitrary<Uint8Array> {
  const odd = fc.string({
    unit: fc.constantFrom("\r", "\n", "\0", " ", "\t", ":", ",", "\x7f", "\xff", "a"),
    maxLength: 8,
  });
  const start = fc.oneof(
    fc.constantFrom("GET / HTTP/1.1", "HTTP/1.1 101 Switching Protocols", "HTTP/1.1 200", "get * HTTP/2.0", ""),
    odd,
  );
  const name = fc.oneof(fc.constantFrom(...Object.keys(HANDSHAKE), "__proto__", "Content-Length"), odd);
  const value = fc.oneof(fc.constantFrom(...Object.values(HANDSHAKE)), odd, fc.string({ maxLength: 300 }));
  const field = fc.tuple(name, fc.constantFrom(": ", ":", " : ", ""), value).map((parts) => parts.join(""));
  const end = fc.constantFrom("\r\n", "\r\n", "\r\n", "\n", "\r");
  const text = fc.tuple(start, fc.array(field, { maxLength: 14 }), end).map(([start, fields, end]) =>
    [start, ...fields, "", ""].join(end)
  );
  const latin1 = text.map((text) => Uint8Array.from(text, (character) => character.charCodeAt(0)));
  return fc.oneof(latin1, bytes(fc, 60));
}

for (const [name, Parser] of PARSERS) {
  fuzzTest({
    name: `${name}.push() gives the same result for any bytes, however they are cut`,
    runs: 400,
    property: (fc) =>
      fc.property(head(fc), cutter(fc), (bytes, cut) => {
        const outcome = (pieces: Uint8Array[]) => {
          const parser = new Parser(LIMITS);
          let taken = 0;
          try {
            for (const piece of pieces) {
              const count = parser.push(piece);
              taken += count;
              if (count < piece.length) break;
            }
          } catch (error) {
            assertInstanceOf(error, HeadError);
            assert(/^[\x20-\x7e]*$/.test(error.message), error.message);
            assertLess(error.message.length, 300);
            return { status: error.status, message: error.message };
          }
          return parser.done ? { taken, fields: [...parser.head.fields] } : { taken };
        };
        assertEquals(outcome(cut(bytes)), outcome([bytes]));
      }),
  });
}

/** The fields of a handshake, some of them changed. */
function fields(fc: typeof FastCheck): FastCheck.Arbitrary<HeadFields> {
  const value = fc.oneof(
    fc.string({
      unit: fc.constantFrom(",", " ", "\t", ";", "=", '"', "\\", "a", "websocket", "upgrade", "13", "\xff"),
    }),
    fc.constantFrom(...Object.values(HANDSHAKE), "permessage-deflate; server_max_window_bits=9", "chat, superchat", ""),
  );
  const names = [
    ...Object.keys(HANDSHAKE),
    "Sec-WebSocket-Protocol",
    "Sec-WebSocket-Extensions",
    "Origin",
    "Sec-WebSocket-Accept",
  ];
  const changes = fc.array(fc.tuple(fc.constantFrom(...names), value, fc.boolean()), { maxLength: 5 });
  return changes.map((changes) => {
    const entries: [string, string][] = Object.entries(HANDSHAKE);
    for (const [name, value, added] of changes) {
      const at = entries.findIndex(([known]) => known === name);
      if (at < 0 || added) entries.push([name, value]);
      else entries[at] = [name, value];
    }
    return new HeadFields(entries);
  });
}

fuzzTest({
  name: "acceptHandshake() never throws, whatever the fields hold",
  runs: 500,
  property: (fc) =>
    fc.property(fc.constantFrom("GET", "POST", "get", ""), fields(fc), (method, fields) => {
      const options = { acceptProtocols: ["chat"], allowedOrigins: ["https://example.com"], sha1 };
      for (const given of [options, { sha1 }]) {
        const outcome = acceptHandshake({ method, fields, version: "1.1" }, given);
        if (outcome.accepted) assert(outcome.protocol === null || outcome.protocol === "chat");
        else assert(/^[\x20-\x7e]{1,400}$/.test(outcome.reason), outcome.reason);
      }
    }),
});

fuzzTest({
  name: "checkResponse() never throws, and accepts only what was offered",
  runs: 500,
  property: (fc) =>
    fc.property(fc.constantFrom(101, 200, 401), fields(fc), (status, fields) => {
      const key = HANDSHAKE["Sec-WebSocket-Key"];
      const head = { version: "1.1", status, reason: "", fields };
      const outcome = checkResponse(head, { key, sha1, protocols: ["chat"] });
      if (!outcome.accepted) return;
      assertEquals([status, fields.get("sec-websocket-accept")], [101, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
      assert(outcome.protocol === null || outcome.protocol === "chat");
      assertEquals(outcome.extensions, []);
    }),
});

fuzzTest({
  name: "parseExtensions() reads what formatExtensions() writes, and throws only SyntaxError",
  runs: 500,
  property: (fc) => {
    const token = fc.string({ unit: fc.constantFrom(..."ab_-1.~!"), minLength: 1, maxLength: 6 });
    const parameter = fc.record({ name: token, value: fc.option(token) });
    const offer: FastCheck.Arbitrary<ExtensionOffer> = fc.record({
      name: token,
      parameters: fc.array(parameter, { maxLength: 3 }),
    });
    const text = fc.string({ unit: fc.constantFrom(...'ab;,= \t"\\\xff'), maxLength: 40 });
    return fc.property(fc.array(offer, { minLength: 1, maxLength: 3 }), text, (offers, text) => {
      assertEquals(parseExtensions(formatExtensions(offers)), offers);
      try {
        const parsed = parseExtensions(text);
        assertEquals(parseExtensions(formatExtensions(parsed)), parsed);
      } catch (error) {
        assertInstanceOf(error, SyntaxError);
      }
    });
  },
});
