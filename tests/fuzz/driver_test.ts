// Any bytes, any answers, any calls, asked of whole drivers over streams in memory.
import { constants, deflateRawSync } from "node:zlib";
import { assert, assertEquals, assertInstanceOf, assertLessOrEqual } from "@std/assert";
import { Client, HandshakeError, type WebSocketDriver } from "@wsd/driver";
import { StreamTransport } from "../../src/transport/stream_transport.ts";
import { meet, READ_PATHS } from "../hostile/paths.ts";
import { ROLES } from "../support/endpoint.ts";
import { concat, frameFor } from "../support/frames.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { bytes, type Conversation, conversation, cutter, garbage } from "./_frames.ts";
import { type FastCheck, fuzzTest } from "./_fuzz.ts";

const LIMITS = { maxLength: 5000, maxFragments: 20 };

for (const path of READ_PATHS) {
  for (const role of ROLES) {
    fuzzTest({
      name: `a ${role} that reads by ${path.name} delivers any valid frames, cut anywhere`,
      runs: 50,
      property: (fc) =>
        fc.asyncProperty(conversation(fc, role), cutter(fc), async ({ frames, told }, cut) => {
          const { ws, peer, events, closed } = await meet(role, path);
          const answers = drain(peer);
          for (const piece of cut(concat(frames))) await peer.write(piece);
          await peer.close(1000);
          await peer.end();
          await closed;
          assertEquals(ws.readyState, "closed");
          assertEquals(events, [...told.flatMap(described), "close 1000"]);
          await answers;
          peer.leave();
        }),
    });

    fuzzTest({
      name: `a ${role} that reads by ${path.name} handles any bytes, and closes once`,
      runs: 100,
      property: (fc) =>
        fc.asyncProperty(garbage(fc, role), cutter(fc), async (bytes, cut) => {
          const { peer, events, closed } = await meet(role, path, LIMITS);
          const answers = drain(peer);
          try {
            for (const piece of cut(bytes)) await peer.write(piece);
            await peer.end();
          } catch {
            // The driver has had enough.
          }
          await answers;
          peer.leave();
          await closed;
          assertEquals(events.filter((event) => event.startsWith("close")).length, 1);
          assertLessOrEqual(events.filter((event) => event.startsWith("error")).length, 1);
          assert(events.at(-1)!.startsWith("close"));
        }),
    });
  }
}

const [compressed] = READ_PATHS.filter(({ extensions }) => extensions !== null);

for (const role of ROLES) {
  fuzzTest({
    name: `a ${role} handles any compressed payload, whole or damaged: a message, or 1007 or 1009`,
    runs: 100,
    property: (fc) => {
      const text = fc.string({ unit: "grapheme", maxLength: 200 });
      const damage = fc.option(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })));
      return fc.asyncProperty(
        text,
        fc.integer({ min: 1, max: 40 }),
        damage,
        cutter(fc),
        async (text, times, flip, cut) => {
          const message = text.repeat(times);
          const payload = deflate(message);
          if (flip !== null) payload[flip[0] % payload.length] ^= flip[1];
          const { peer, events, closed } = await meet(role, compressed, LIMITS);
          const answers = drain(peer);
          try {
            for (const piece of cut(frameFor(role, 0xc1, payload))) await peer.write(piece);
            await peer.close(1000);
            await peer.end();
          } catch {
            // The driver has had enough.
          }
          await answers;
          peer.leave();
          await closed;
          if (flip === null && new TextEncoder().encode(message).length <= LIMITS.maxLength) {
            assertEquals(events, [`text ${message}`.trimEnd(), "close 1000"]);
          } else {
            assert(
              /^(text.*)?close 1000$|^error WS_\w+ (1007|1009)close (1007|1009)$/su.test(events.join("")),
              events.join(),
            );
          }
        },
      );
    },
  });
}

/** RFC 7692 §7.2.1: raw deflate up to a flush, without the four bytes that end it. */
function deflate(text: string): Uint8Array<ArrayBuffer> {
  const bytes = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH });
  return Uint8Array.from(bytes.subarray(0, -4));
}

/** Reads all that the driver sends. A peer that reads nothing would stop it. */
async function drain(peer: RawPeer): Promise<void> {
  await peer.rest();
}

/** What {@linkcode meet} writes down of it: control frames are not told there. */
function described(told: Conversation["told"][number]): string[] {
  if (typeof told !== "string") return [`binary ${told.toHex()}`.trimEnd()];
  return /^p[io]ng [0-9a-f]*$/.test(told) ? [] : [`text ${told}`.trimEnd()];
}

fuzzTest({
  name: "startConnection() fails with a HandshakeError, whatever a server that has not read the key answers",
  runs: 150,
  property: (fc) => {
    const field = fc.constantFrom(
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
      "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99",
      "Content-Length: 99999999999",
      "Content-Length: x",
      "Transfer-Encoding: chunked",
      "Location: //",
      " folded",
    );
    const start = fc.constantFrom(
      "HTTP/1.1 101 ",
      "HTTP/1.1 100 Continue",
      "HTTP/1.1 302 Found",
      "HTTP/1.1 401",
      "HTTP",
    );
    const answer = fc.tuple(start, fc.array(field, { maxLength: 6 }), bytes(fc, 100)).map(([start, fields, behind]) =>
      concat([new TextEncoder().encode([start, ...fields, "", ""].join("\r\n")), behind])
    );
    return fc.asyncProperty(fc.oneof(answer, bytes(fc, 100)), cutter(fc), async (bytes, cut) => {
      const there = new TransformStream<Uint8Array, Uint8Array>();
      const back = new TransformStream<Uint8Array, Uint8Array>();
      const peer = new RawPeer(new StreamTransport({ readable: there.readable, writable: back.writable }), "server");
      const ws = new Client("ws://localhost/", {
        transport: { readable: back.readable, writable: there.writable },
        perMessageDeflate: true,
      });
      const ends: number[] = [];
      ws.on("close", ({ code }) => ends.push(code));
      const started = ws.startConnection().catch((error) => error);
      await peer.head();
      try {
        for (const piece of cut(bytes)) await peer.write(piece);
        await peer.end();
      } catch {
        // The client has had enough.
      }
      assertInstanceOf(await started, HandshakeError);
      assertEquals(ends, [1006]);
      peer.leave();
    });
  },
});

/** A thing to do with a driver. */
type Call = (ws: WebSocketDriver) => void;

function calls(fc: typeof FastCheck, pausable: boolean): FastCheck.Arbitrary<Call[]> {
  const message = fc.oneof(fc.string({ maxLength: 50 }), bytes(fc, 3000));
  return fc.array(
    fc.oneof(
      { weight: 5, arbitrary: message.map((data): Call => (ws) => void ws.send(data)) },
      { weight: 2, arbitrary: bytes(fc, 125).map((data): Call => (ws) => void ws.sendPing(data)) },
      ...pausable ? [fc.constantFrom<Call>((ws) => ws.pause(), (ws) => ws.resume())] : [],
      fc.constantFrom<Call>((ws) => void ws.closeConnection("bye", 4000), (ws) => ws.terminate()),
    ),
    { maxLength: 15 },
  );
}

for (const path of READ_PATHS) {
  fuzzTest({
    name: `any calls on a driver that reads by ${path.name} end in one "close", and nothing after it`,
    runs: 60,
    property: (fc) =>
      fc.asyncProperty(
        fc.constantFrom(...ROLES),
        calls(fc, path.pausable),
        calls(fc, path.pausable),
        async (role, first, second) => {
          const { ws, peer, events, closed } = await meet(role, path);
          const answers = drain(peer);
          const writing = peer.send(0x81, "one").then(() => peer.send(0x81, "two")).catch(() => {});
          for (const call of first) call(ws);
          await new Promise((resolve) => setTimeout(resolve));
          for (const call of second) call(ws);
          ws.terminate();
          await closed;
          peer.leave();
          await Promise.all([answers, writing]);
          assertEquals(events.filter((event) => event.startsWith("close")).length, 1);
          assert(events.at(-1)!.startsWith("close"));
          assert(!ws.send("late"));
        },
      ),
  });
}
