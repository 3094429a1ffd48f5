import { assert, assertEquals, assertLess, assertThrows } from "@std/assert";
import { Endpoint, FEEDS, ROLES } from "../support/endpoint.ts";
import { concat, frameFor, hex } from "../support/frames.ts";

const HELD_ABOVE = 64 * 1024;

/** Queues so much that Pongs are held back. */
function fill(endpoint: Endpoint): void {
  endpoint.protocol.sendBinary(new Uint8Array(HELD_ABOVE + 1));
}

for (const role of ROLES) {
  // RFC 6455 §5.5.2 SHOULD
  // RFC 6455 §6.2 MUST control
  Deno.test(`receive() as ${role} queues the Pong before it reports the Ping`, () => {
    const endpoint = new Endpoint(role);
    const queued: number[] = [];
    const outputs: number[] = [];
    endpoint.onEvent = () => {
      queued.push(endpoint.protocol.queued);
      outputs.push(endpoint.outputs);
    };
    endpoint.feed([frameFor(role, 0x89, "abc")]);
    assertEquals(queued, [role === "client" ? 9 : 5]);
    assertEquals(outputs, [1]);
    assertEquals(endpoint.sent(), ["pong 616263"]);
  });

  Deno.test(`receive() as ${role} answers every Ping while little is queued`, () => {
    const endpoint = new Endpoint(role);
    endpoint.feed(["a", "b", "c"].map((payload) => frameFor(role, 0x89, payload)));
    assertEquals(endpoint.sent(), ["pong 61", "pong 62", "pong 63"]);
  });

  Deno.test(`receive() as ${role} answers only the last Ping, once the queue is written`, () => {
    const endpoint = new Endpoint(role);
    fill(endpoint);
    endpoint.feed(["a", "b", "c"].map((payload) => frameFor(role, 0x89, payload)));
    assertEquals(endpoint.events, ["ping 61", "ping 62", "ping 63"]);
    const [message, ...pongs] = endpoint.sent();
    assert(message.startsWith("binary of 65537"));
    assertEquals(pongs, ["pong 63"]);
    endpoint.feed([frameFor(role, 0x89, "d")]);
    assertEquals(endpoint.sent(), ["pong 64"]);
  });

  Deno.test(`receive() as ${role} answers at once while 64 KiB are queued, but not with one byte more`, () => {
    const header = role === "client" ? 8 : 4;
    for (const [length, pongs] of [[60_000, 1], [60_001, 0]]) {
      const endpoint = new Endpoint(role);
      endpoint.protocol.sendBinary(new Uint8Array(HELD_ABOVE - 60_000 - 2 * header));
      endpoint.protocol.sendBinary(new Uint8Array(length));
      const before = endpoint.protocol.queued;
      endpoint.feed([frameFor(role, 0x89, "a")]);
      assertEquals(endpoint.protocol.queued > before, pongs === 1, `${before} bytes wait`);
    }
  });

  Deno.test(`done() as ${role} sends the pending Pong as soon as no more than 64 KiB are queued`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    fill(endpoint);
    fill(endpoint);
    protocol.sendText("last");
    endpoint.feed([frameFor(role, 0x89, "a")]);
    const total = protocol.queued;
    let written = 0;
    while (protocol.queued > HELD_ABOVE) {
      written += protocol.next()!.length;
      protocol.done();
    }
    assert(written > HELD_ABOVE);
    assertEquals(protocol.queued, total - written + (role === "client" ? 7 : 3));
    assertEquals(endpoint.sent().at(-1), "pong 61");
  });

  Deno.test(`receive() as ${role} copies a pending Pong's payload, apart from the one it delivers`, () => {
    const endpoint = new Endpoint(role);
    fill(endpoint);
    endpoint.onPing = (payload) => void payload.fill(0);
    endpoint.feed([frameFor(role, 0x89, "abc"), frameFor(role, 0x81, "overwrites")]);
    assertEquals(endpoint.sent().slice(1), ["pong 616263"]);
  });

  Deno.test(`receive() as ${role} delivers payloads of control frames that the caller owns`, () => {
    const endpoint = new Endpoint(role);
    const payloads: Uint8Array[] = [];
    endpoint.onPing = endpoint.onPong = (payload) => void payloads.push(payload);
    const bytes = ["a", "b"].map((payload) => concat([frameFor(role, 0x89, payload), frameFor(role, 0x8a, payload)]));
    for (const feed of FEEDS) endpoint.feed(bytes, feed);
    assertEquals(payloads.map((payload) => payload.toHex()), ["61", "61", "62", "62", "61", "61", "62", "62"]);
  });

  // Row: ping-flood
  Deno.test(`receive() as ${role} keeps the queue bounded under a million Pings whose Pongs nobody reads`, () => {
    const endpoint = new Endpoint(role);
    let pings = 0;
    endpoint.onPing = () => void pings++;
    const thousand = concat(Array(1000).fill(frameFor(role, 0x89, "x".repeat(125))));
    for (let i = 0; i < 1000; i++) endpoint.feed([thousand]);
    endpoint.feed([frameFor(role, 0x89, "last")]);
    assertEquals(pings, 1_000_001);
    assertLess(endpoint.protocol.queued, HELD_ABOVE + 200);
    assertEquals(endpoint.sent().at(-1), "pong 6c617374");
    assertEquals(endpoint.protocol.queued, 0);
  });

  // RFC 6455 §5.5.2 MUST
  Deno.test(`receive() as ${role} answers a Ping after our Close, and none after the peer's`, () => {
    const endpoint = new Endpoint(role);
    assert(endpoint.protocol.sendClose());
    endpoint.feed([frameFor(role, 0x89, "a")]);
    assertEquals(endpoint.sent(), ["close 1000", "pong 61"]);
    endpoint.feed([frameFor(role, 0x88, hex("03e8")), frameFor(role, 0x89, "b")]);
    assertEquals(endpoint.events, ["ping 61", "close 1000"]);
    assertEquals(endpoint.sent(), []);
  });

  Deno.test(`sendClose() as ${role} sends the pending Pong first`, () => {
    const endpoint = new Endpoint(role);
    fill(endpoint);
    endpoint.feed([frameFor(role, 0x89, "a")]);
    endpoint.protocol.sendClose();
    assertEquals(endpoint.sent().slice(1), ["pong 61", "close 1000"]);
  });

  Deno.test(`receive() as ${role} answers a Close after the pending Pong`, () => {
    const endpoint = new Endpoint(role);
    fill(endpoint);
    endpoint.feed([frameFor(role, 0x89, "a"), frameFor(role, 0x88, hex("0bb8"))]);
    assertEquals(endpoint.sent().slice(1), ["pong 61", "close 3000"]);
  });

  Deno.test(`done() as ${role} sends no pending Pong once both sides have closed`, () => {
    const endpoint = new Endpoint(role);
    fill(endpoint);
    endpoint.protocol.sendClose();
    endpoint.feed([frameFor(role, 0x89, "a"), frameFor(role, 0x88, hex("03e8"))]);
    assertEquals(endpoint.sent().slice(1), ["close 1000"]);
  });

  Deno.test(`done() as ${role} sends no pending Pong once the connection has failed`, () => {
    const endpoint = new Endpoint(role);
    fill(endpoint);
    endpoint.protocol.sendClose();
    endpoint.feed([frameFor(role, 0x89, "a"), frameFor(role, 0x83)]);
    assertEquals(endpoint.sent().slice(1), ["close 1000"]);
  });

  Deno.test(`sendPing() and sendPong() as ${role} send their payload`, () => {
    const { protocol, sent } = bind(new Endpoint(role));
    assert(protocol.sendPing());
    assert(protocol.sendPing(hex("6162")));
    assert(protocol.sendPong());
    assert(protocol.sendPong(hex("63*125")));
    assertEquals(sent(), ["ping", "ping 6162", "pong", `pong ${"63".repeat(125)}`]);
  });

  Deno.test(`sendPing() and sendPong() as ${role} refuse 126 bytes`, () => {
    const { protocol, sent } = bind(new Endpoint(role));
    const long = new Uint8Array(126);
    assertThrows(() => protocol.sendPing(long), RangeError, "at most 125 bytes");
    assertThrows(() => protocol.sendPong(long), RangeError, "received 126");
    assertEquals(sent(), []);
  });

  Deno.test(`sendPing() as ${role} copies its payload`, () => {
    const { protocol, sent } = bind(new Endpoint(role));
    const payload = hex("6162");
    protocol.sendPing(payload);
    payload.fill(0);
    assertEquals(sent(), ["ping 6162"]);
  });
}

function bind(endpoint: Endpoint) {
  return { protocol: endpoint.protocol, sent: () => endpoint.sent() };
}
