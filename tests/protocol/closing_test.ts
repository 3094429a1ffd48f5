import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { ConnectionError, ErrorCode, isSendableCloseCode, type Role, WebSocketError } from "../../protocol.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { concat, frameFor, hex } from "../support/frames.ts";
import { testVectors, type Vector, violation } from "../support/vectors.ts";

const VALID_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999];
const INVALID_CODES = [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 10_000, 65_535];

const codeHex = (code: number) => code.toString(16).padStart(4, "0");

const CODES: readonly Vector[] = [
  ...VALID_CODES.map((code) => ({
    // RFC 6455 §5.5.1 SHOULD echo
    does: `echoes the close code ${code}`,
    frames: `88 05 ${codeHex(code)} 627965`,
    events: [`close ${code} bye`],
    sent: [`close ${code}`],
  })),
  ...INVALID_CODES.map((code) => ({
    // Row: close-payload
    // RFC 6455 §7.4.2 Text
    does: `refuses the close code ${code}`,
    frames: `88 02 ${codeHex(code)}`,
    ...violation("INVALID_CLOSE_CODE"),
  })),
];

const REASONS: readonly Vector[] = [
  // Row: close-payload
  // RFC 6455 §5.5.1 MUST code-size
  { does: "refuses a Close of one byte", frames: "88 01 03", ...violation("INVALID_CLOSE_PAYLOAD") },
  {
    does: "takes a reason of 123 bytes",
    frames: "88 7d 03e8 61*123",
    events: [`close 1000 ${"a".repeat(123)}`],
    sent: ["close 1000"],
  },
  {
    does: "takes a reason with a byte order mark and characters of all lengths",
    frames: "88 0f 03e8 efbbbf 61 c3a9 e282ac f09f9880",
    events: ["close 1000 \ufeffaé€😀"],
    sent: ["close 1000"],
  },
  ...["ff", "c0af", "eda080", "f4908080", "e282", "6180"].map((bytes) => ({
    // Row: close-payload
    does: `refuses the reason ${bytes}`,
    frames: `88 ${(2 + bytes.length / 2).toString(16).padStart(2, "0")} 03e8 ${bytes}`,
    ...violation("INVALID_UTF8", 1007),
  })),
  {
    does: "reports an invalid code before an invalid reason",
    frames: "88 03 03ed ff",
    ...violation("INVALID_CLOSE_CODE"),
  },
];

testVectors([...CODES, ...REASONS]);

Deno.test("isSendableCloseCode() knows every code", () => {
  const sendable = Array.from({ length: 65_536 }, (_, code) => code).filter(isSendableCloseCode);
  assertEquals(sendable.length, 4 + 8 + 2000);
  assertEquals(sendable.slice(0, 13), [...VALID_CODES.slice(0, 12), 3000]);
  assertEquals([NaN, Infinity, 1000.5, -1000, 3000.000001].some(isSendableCloseCode), false);
});

/** Lets two endpoints exchange all that they have to send. */
function exchange(a: Endpoint, b: Endpoint): void {
  while (a.protocol.queued + b.protocol.queued > 0) {
    b.feed(a.writes());
    a.feed(b.writes());
  }
}

function pair(role: Role): [Endpoint, Endpoint] {
  return [new Endpoint(role), new Endpoint(role === "client" ? "server" : "client")];
}

for (const role of ROLES) {
  // RFC 6455 §7.1.2 MUST
  // RFC 6455 §7.1.2 SHOULD
  Deno.test(`sendClose() as ${role} begins the closing handshake, and the answer ends it`, () => {
    const [endpoint, peer] = pair(role);
    assertEquals(endpoint.protocol.state, "open");
    assert(endpoint.protocol.sendClose(4321, "Bye, ça suffit"));
    assertEquals([endpoint.protocol.state, peer.protocol.state], ["closing", "open"]);
    peer.feed(endpoint.writes());
    assertEquals([endpoint.protocol.state, peer.protocol.state], ["closing", "closed"]);
    exchange(endpoint, peer);
    assertEquals([endpoint.protocol.state, peer.protocol.state], ["closed", "closed"]);
    assertEquals(peer.events, ["close 4321 Bye, ça suffit"]);
    assertEquals(endpoint.events, ["close 4321 Bye, ça suffit"]);
  });

  Deno.test(`sendClose() as ${role} at the same time as the peer leaves both closed, each with the other's code`, () => {
    const [endpoint, peer] = pair(role);
    endpoint.protocol.sendClose(1001, "one");
    peer.protocol.sendClose(3000, "two");
    const bytes = endpoint.writes();
    endpoint.feed(peer.writes());
    peer.feed(bytes);
    assertEquals([endpoint.events, peer.events], [["close 3000 two"], ["close 1001 one"]]);
    assertEquals([endpoint.protocol.state, peer.protocol.state], ["closed", "closed"]);
    assertEquals([endpoint.sent(), peer.sent()], [[], []]);
  });

  Deno.test(`sendClose() as ${role} sends 1000 if no code is given, and none for 1005`, () => {
    const normal = new Endpoint(role);
    normal.protocol.sendClose();
    assertEquals(normal.sent(), ["close 1000"]);
    const empty = new Endpoint(role);
    assert(empty.protocol.sendClose(1005));
    assertEquals(empty.sent(), ["close"]);
  });

  // RFC 6455 §7.4.1 MUST
  Deno.test(`sendClose() as ${role} refuses a code or a reason that may not be sent, and stays open`, () => {
    const { protocol } = new Endpoint(role);
    for (const code of INVALID_CODES.filter((code) => code !== 1005)) {
      assertThrows(() => protocol.sendClose(code), RangeError, `received ${code}`);
    }
    assertThrows(() => protocol.sendClose(NaN), RangeError, "received NaN");
    assertThrows(() => protocol.sendClose(1005, "why"), RangeError);
    assertThrows(() => protocol.sendClose(1000, "a".repeat(124)), RangeError, "received 124 bytes");
    assertThrows(() => protocol.sendClose(1000, "€".repeat(42)), RangeError, "received 126 bytes");
    assertEquals([protocol.state, protocol.queued], ["open", 0]);
    assert(protocol.sendClose(1000, "€".repeat(41)));
  });

  Deno.test(`sendClose() as ${role} sends every code that may be sent, and a reason of 123 bytes`, () => {
    for (const code of VALID_CODES) {
      const endpoint = new Endpoint(role);
      endpoint.protocol.sendClose(code, "é".repeat(61) + "a");
      assertEquals(endpoint.sent(), [`close ${code} ${"é".repeat(61)}a`]);
    }
  });

  // RFC 6455 §5.5.1 MUST nothing-after
  Deno.test(`sendClose() as ${role} sends the last frame`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    assert(protocol.sendText("before"));
    assert(protocol.sendClose(1001));
    assertFalse(protocol.sendText("after"));
    assertFalse(protocol.sendBinary(new Uint8Array(70_000)));
    assertFalse(protocol.sendPing());
    assertFalse(protocol.sendPong());
    assertFalse(protocol.sendClose(1002));
    assertThrows(() => protocol.sendPing(new Uint8Array(126)), RangeError);
    assertEquals(endpoint.sent(), ["text before", "close 1001"]);
  });

  Deno.test(`sendClose() as ${role} still delivers what the peer sends after it`, () => {
    const endpoint = new Endpoint(role);
    endpoint.feed([frameFor(role, 0x01, "first ")]);
    endpoint.protocol.sendClose();
    endpoint.feed([frameFor(role, 0x80, "half"), frameFor(role, 0x82, "b"), frameFor(role, 0x8a, "c")]);
    assertEquals(endpoint.events, ["text first half", "binary 62", "pong 63"]);
    assertEquals(endpoint.protocol.state, "closing");
  });

  // RFC 6455 §5.5.1 MUST answer
  Deno.test(`receive() as ${role} queues the answer to a Close before it reports the Close`, () => {
    const endpoint = new Endpoint(role);
    const seen: unknown[] = [];
    endpoint.onEvent = (event) => seen.push(event, endpoint.protocol.state, endpoint.outputs, endpoint.sent());
    endpoint.feed([frameFor(role, 0x88, hex("0bb9627965"))]);
    assertEquals(seen, ["close 3001 bye", "closed", 1, ["close 3001 bye"]]);
    assertFalse(endpoint.protocol.sendText("after"));
  });

  Deno.test(`receive() as ${role} answers a Close with its code and its reason`, () => {
    for (const reason of ["", "bye", "aé€😀", "a".repeat(123)]) {
      const endpoint = new Endpoint(role);
      endpoint.feed([frameFor(role, 0x88, concat([hex("03e8"), new TextEncoder().encode(reason)]))]);
      assertEquals(endpoint.sent(), [`close 1000 ${reason}`.trimEnd()]);
    }
  });

  Deno.test(`receive() as ${role} doesn't answer a Close that answers ours`, () => {
    const endpoint = new Endpoint(role);
    endpoint.protocol.sendClose(1001);
    assertEquals(endpoint.sent(), ["close 1001"]);
    endpoint.feed([frameFor(role, 0x88, hex("03e9"))]);
    assertEquals([endpoint.sent(), endpoint.outputs], [[], 0]);
  });

  Deno.test(`receive() as ${role} fails a Close that breaks the rules after ours, and sends no second one`, () => {
    const endpoint = new Endpoint(role);
    endpoint.protocol.sendClose(1001);
    endpoint.feed([frameFor(role, 0x88, hex("03ed")), frameFor(role, 0x88, hex("03e8"))]);
    assertEquals(endpoint.events, ["error WS_INVALID_CLOSE_CODE 1002"]);
    assertEquals(endpoint.sent(), ["close 1001"]);
    assertEquals(endpoint.protocol.state, "closed");
  });

  Deno.test(`fail() as ${role} queues the Close before it reports the error, and is final`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    const seen: unknown[] = [];
    endpoint.onEvent = (event) => seen.push(event, protocol.state, endpoint.sent());
    protocol.sendText("before");
    protocol.fail(new WebSocketError("Too slow", { closeCode: 4008 }));
    assertEquals(seen, ["error 0 4008", "closed", ["text before", "close 4008 Too slow"]]);
    assertEquals(endpoint.outputs, 1);
    protocol.fail(new WebSocketError("Again", { closeCode: 4009 }));
    endpoint.feed([frameFor(role, 0x81, "a"), frameFor(role, 0x88, hex("03e8"))]);
    assertFalse(protocol.sendText("after"));
    assertFalse(protocol.sendClose());
    assertEquals(endpoint.events, ["error 0 4008"]);
    assertEquals(endpoint.sent(), []);
  });

  Deno.test(`fail() as ${role} within a message's delivery drops the rest of the same read`, () => {
    const endpoint = new Endpoint(role);
    endpoint.onEvent = () => endpoint.protocol.fail(new WebSocketError("Enough", { closeCode: 1008 }));
    endpoint.feed([concat([frameFor(role, 0x81, "a"), frameFor(role, 0x81, "b"), frameFor(role, 0x83, "")])]);
    assertEquals(endpoint.events, ["text a", "error 0 1008"]);
  });

  Deno.test(`fail() as ${role} closes with 1002 if the error has no code`, () => {
    const endpoint = new Endpoint(role);
    endpoint.protocol.fail(new WebSocketError("Why"));
    assertEquals(endpoint.sent(), ["close 1002 Why"]);
  });

  Deno.test(`fail() as ${role} shortens a reason to whole characters within 123 bytes`, () => {
    for (
      const [message, reason] of [["a".repeat(200), "a".repeat(123)], ["€".repeat(99), "€".repeat(41)], [
        "ab" + "😀".repeat(99),
        "ab" + "😀".repeat(30),
      ]]
    ) {
      const endpoint = new Endpoint(role);
      endpoint.protocol.fail(new WebSocketError(message, { closeCode: 1011 }));
      assertEquals(endpoint.sent(), [`close 1011 ${reason}`]);
    }
  });

  Deno.test(`fail() as ${role} sends no second Close after ours, and reports nothing after the peer's`, () => {
    const closing = new Endpoint(role);
    closing.protocol.sendClose();
    closing.protocol.fail(new WebSocketError("Late", { closeCode: 1008 }));
    assertEquals([closing.events, closing.sent()], [["error 0 1008"], ["close 1000"]]);
    const closed = new Endpoint(role);
    closed.feed([frameFor(role, 0x88, hex("03e8"))]);
    closed.protocol.fail(new WebSocketError("Later", { closeCode: 1008 }));
    assertEquals([closed.events, closed.sent()], [["close 1000"], ["close 1000"]]);
  });

  Deno.test(`fail() as ${role} refuses an error whose code may not be sent, and leaves the connection open`, () => {
    const endpoint = new Endpoint(role);
    assertThrows(() => endpoint.protocol.fail(new ConnectionError("Lost", ErrorCode.CONNECTION_LOST)), RangeError);
    assertEquals(endpoint.protocol.state, "open");
    endpoint.feed([frameFor(role, 0x81, "a")]);
    assertEquals(endpoint.events, ["text a"]);
  });

  Deno.test(`close() as ${role} ends everything at once`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    protocol.sendBinary(new Uint8Array(70_000));
    endpoint.feed([frameFor(role, 0x89, "held"), frameFor(role, 0x01, "half")]);
    protocol.close();
    endpoint.feed([frameFor(role, 0x80, "more"), frameFor(role, 0x81, "a"), frameFor(role, 0x88)]);
    protocol.fail(new WebSocketError("Late"));
    assertFalse(protocol.sendText("after"));
    assertFalse(protocol.sendClose());
    assertEquals([endpoint.events, endpoint.sent()], [["ping 68656c64"], []]);
    assertEquals([protocol.state, protocol.queued], ["closed", 0]);
    protocol.close();
  });

  Deno.test(`close() as ${role} while a write is under way queues nothing more`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    protocol.sendBinary(new Uint8Array(70_000));
    protocol.sendText("dropped");
    endpoint.feed([frameFor(role, 0x89, "held")]);
    protocol.next();
    protocol.close();
    protocol.done();
    assertEquals([protocol.next(), protocol.queued], [null, 0]);
  });

  Deno.test(`close() as ${role} within a message's delivery stops it`, () => {
    const endpoint = new Endpoint(role);
    endpoint.onEvent = () => endpoint.protocol.close();
    const messages = ["a", "b", "c"].map((text) => frameFor(role, 0x81, text));
    endpoint.feed([concat(messages)]);
    assertEquals(endpoint.events, ["text a"]);
  });

  Deno.test(`close() as ${role} during a read into a large message drops the bytes read`, () => {
    const endpoint = new Endpoint(role);
    const bytes = frameFor(role, 0x82, new Uint8Array(100_000));
    endpoint.feed([bytes.subarray(0, 5000)], "readBuffer");
    const buffer = endpoint.protocol.readBuffer();
    endpoint.protocol.close();
    endpoint.protocol.received(buffer.length);
    const block = [...endpoint.platform.pool.out].at(-1)!;
    const next = endpoint.protocol.readBuffer().buffer;
    assert(next !== block.bytes.buffer, "the read buffer is free");
    assertEquals([...endpoint.platform.pool.out].at(-1)!.bytes.buffer === next, true, "and so is the message's memory");
    endpoint.feed([bytes.subarray(5000)]);
    assertEquals(endpoint.events, []);
  });

  Deno.test(`receive() as ${role} throws a handler's exception, and doesn't call the handler again`, () => {
    for (const exception of [new Error("Mine"), "mine"]) {
      const endpoint = new Endpoint(role);
      endpoint.onEvent = () => {
        throw exception;
      };
      let caught: unknown;
      try {
        endpoint.feed([concat([frameFor(role, 0x81, "a"), frameFor(role, 0x81, "b")])]);
      } catch (error) {
        caught = error;
      }
      endpoint.feed([frameFor(role, 0x81, "c"), frameFor(role, 0x83)]);
      assertEquals([caught, endpoint.events], [exception, ["text a"]]);
    }
  });
}
