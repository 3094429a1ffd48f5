// Any frames, any bytes, any cuts, asked of the protocol.
import { assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import type { Role } from "../../protocol.ts";
import { Utf8Validator } from "../../src/protocol/utf8_validator.ts";
import { Endpoint, FEEDS, ROLES } from "../support/endpoint.ts";
import { concat } from "../support/frames.ts";
import { bytes, type Conversation, conversation, cutter, garbage } from "./_frames.ts";
import { fuzzTest } from "./_fuzz.ts";

/** Limits that keep what garbage can claim small. */
const LIMITS = { maxLength: 5000, maxFragments: 20 };

/** Lets pieces arrive, and tells what came of them. */
function told(role: Role, pieces: Iterable<Uint8Array>, feed: typeof FEEDS[number]): (string | Uint8Array)[] {
  const endpoint = new Endpoint(role);
  const told: (string | Uint8Array)[] = [];
  endpoint.onEvent = (event) => told.push(/^(text|binary)/.test(event) ? endpoint.messages.at(-1)! : event);
  endpoint.feed(pieces, feed);
  return told;
}

/** Control frames are written down with a space behind an empty payload. */
function trimmed(told: Conversation["told"]): Conversation["told"] {
  return told.map((each) => typeof each === "string" && /^p[io]ng /.test(each) ? each.trimEnd() : each);
}

for (const role of ROLES) {
  fuzzTest({
    name: `receive() as ${role} delivers the same for any valid frames, cut anywhere`,
    runs: 200,
    property: (fc) =>
      fc.property(conversation(fc, role), cutter(fc), fc.constantFrom(...FEEDS), ({ frames, told: all }, cut, feed) => {
        assertEquals(trimmed(told(role, cut(concat(frames)), feed)), trimmed(all));
      }),
  });

  fuzzTest({
    name: `receive() as ${role} undoes what the other side's sendText() and sendBinary() do`,
    runs: 200,
    property: (fc) => {
      const data = fc.oneof(fc.string({ unit: "grapheme", maxLength: 2000 }), bytes(fc, 70_000));
      return fc.property(fc.array(data, { maxLength: 10 }), cutter(fc), (messages, cut) => {
        const sender = new Endpoint(role === "client" ? "server" : "client");
        for (const message of messages) {
          if (typeof message === "string") sender.protocol.sendText(message);
          else sender.protocol.sendBinary(message);
        }
        const receiver = new Endpoint(role);
        receiver.feed(cut(concat(sender.writes())));
        assertEquals(receiver.messages, messages.map((each) => typeof each === "string" ? each.toWellFormed() : each));
      });
    },
  });

  fuzzTest({
    name: `receive() as ${role} handles any bytes without throwing, ends once, and keeps to its limits`,
    runs: 300,
    property: (fc) =>
      fc.property(garbage(fc, role), cutter(fc), fc.constantFrom(...FEEDS), (bytes, cut, feed) => {
        const endpoint = new Endpoint(role, LIMITS);
        endpoint.feed(cut(bytes), feed);
        const ends = endpoint.events.filter((event) => /^(error|close)/.test(event));
        assertLessOrEqual(ends.length, 1);
        assertEquals(endpoint.protocol.state, ends.length === 0 ? "open" : "closed");
        assertEquals(endpoint.sent().filter((frame) => frame.startsWith("close")).length, ends.length);
        for (const message of endpoint.messages) assertLessOrEqual(message.length, LIMITS.maxLength);
        assertLess(endpoint.platform.pool.lent, 200_000);
        assertLess(endpoint.protocol.readBuffer().length, 70_000);
      }),
  });

  fuzzTest({
    name: `receive() as ${role} gives the same result for any bytes, however they are cut`,
    runs: 200,
    property: (fc) =>
      fc.property(garbage(fc, role), cutter(fc), fc.constantFrom(...FEEDS), (bytes, cut, feed) => {
        const outcome = (pieces: Uint8Array[], feed: typeof FEEDS[number]) => {
          const endpoint = new Endpoint(role, LIMITS);
          endpoint.feed(pieces, feed);
          return { events: endpoint.events, sent: endpoint.sent() };
        };
        assertEquals(outcome(cut(bytes), feed), outcome([bytes], "receive"));
      }),
  });
}

fuzzTest({
  name: "push() agrees with TextDecoder on any bytes, cut anywhere",
  runs: 500,
  property: (fc) => {
    const text = fc.string({ unit: "binary", maxLength: 20 }).map((text) => new TextEncoder().encode(text));
    return fc.property(fc.array(fc.oneof(text, bytes(fc, 4)), { maxLength: 5 }), cutter(fc), (parts, cut) => {
      const whole = concat(parts);
      const validator = new Utf8Validator();
      const valid = cut(whole).every((piece) => validator.push(piece, 0, piece.length)) && validator.complete;
      assertEquals(valid, decodes(whole));
    });
  },
});

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
