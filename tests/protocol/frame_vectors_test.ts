import { assertEquals } from "@std/assert";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { frame, frameFor, hex, vector } from "../support/frames.ts";
import { testVectors, type Vector } from "../support/vectors.ts";

const HELLO = "48656c6c6f";

const VALID: readonly Vector[] = [
  { does: "takes an unfragmented text message", frames: `81 05 ${HELLO}`, events: ["text Hello"] },
  // RFC 6455 §5.4 MUST order
  // RFC 6455 §5.4 MUST fragmented-and-whole
  { does: "takes a fragmented text message", frames: "01 03 48656c | 80 02 6c6f", events: ["text Hello"] },
  {
    does: "takes a fragmented binary message",
    frames: "02 01 01 | 00 02 0203 | 80 01 04",
    events: ["binary 01020304"],
  },
  { does: "answers a Ping", frames: `89 05 ${HELLO}`, events: [`ping ${HELLO}`], sent: [`pong ${HELLO}`] },
  { does: "answers a Ping without a payload", frames: "89 00", events: ["ping"], sent: ["pong"] },
  {
    // RFC 6455 §5.5.3 Text
    does: "answers a Ping of 125 bytes",
    frames: "89 7d 61*125",
    events: [`ping ${"61".repeat(125)}`],
    sent: [`pong ${"61".repeat(125)}`],
  },
  { does: "takes a Pong that nothing asked for", frames: `8a 05 ${HELLO}`, events: [`pong ${HELLO}`] },
  { does: "takes an empty text message", frames: "81 00", events: ["text"] },
  { does: "takes an empty binary message", frames: "82 00", events: ["binary"] },
  { does: "takes an empty message in three fragments", frames: "01 00 | 00 00 | 80 00", events: ["text"] },
  { does: "takes an empty binary message in two fragments", frames: "02 00 | 80 00", events: ["binary"] },
  {
    does: "takes a message whose payload is in the last fragment only",
    frames: `01 00 | 80 05 ${HELLO}`,
    events: ["text Hello"],
  },
  {
    does: "takes a message whose last fragment is empty",
    frames: `01 05 ${HELLO} | 80 00`,
    events: ["text Hello"],
  },
  {
    // RFC 6455 §5.4 MUST control-between
    does: "takes control frames between fragments and keeps the order",
    frames: "01 03 48656c | 89 01 61 | 00 00 | 8a 01 62 | 80 02 6c6f | 89 01 63",
    events: ["ping 61", "pong 62", "text Hello", "ping 63"],
    sent: ["pong 61", "pong 63"],
  },
  {
    does: "takes many frames in a row",
    frames: "81 01 61 | 82 01 ff | 81 00 | 01 01 62 | 80 01 63 | 82 02 0001 | 8a 00 | 81 01 64",
    events: ["text a", "binary ff", "text", "text bc", "binary 0001", "pong", "text d"],
  },
  {
    does: "takes a text message with a byte order mark and a NUL",
    frames: "81 05 efbbbf0061",
    events: ["text \ufeff\0a"],
  },
  { does: "answers a Close", frames: "88 02 03e8", events: ["close 1000"], sent: ["close 1000"] },
  { does: "reports 1005 for an empty Close", frames: "88 00", events: ["close 1005"], sent: ["close"] },
  {
    does: "takes a Close inside a fragmented message",
    frames: "01 01 61 | 88 04 03e94869 | 80 01 62",
    events: ["close 1001 Hi"],
    sent: ["close 1001"],
  },
  {
    // Row: after-close
    does: "ignores what follows a Close",
    frames: "81 01 61 | 88 02 03e8 | 81 01 62 | 89 00 | 88 02 03e9 | ff 01 00",
    events: ["text a", "close 1000"],
    sent: ["close 1000"],
  },
];

testVectors(VALID);

// From 125 to 128 the length field changes, around 48 masking goes over to words, around 1,024 and 8,192 the read
// buffer changes, and from 4 KiB on a payload is read directly into its message.
const LENGTHS = [
  47,
  48,
  49,
  50,
  51,
  52,
  125,
  126,
  127,
  128,
  255,
  256,
  1023,
  1024,
  1025,
  4095,
  4096,
  4097,
  8192,
] as const;

testVectors(LENGTHS.map((length): Vector => {
  const bytes = Uint8Array.from({ length }, (_, index) => index % 251);
  const field = length <= 125 ? length.toString(16).padStart(2, "0") : `7e${length.toString(16).padStart(4, "0")}`;
  return {
    does: `takes ${length} bytes`,
    frames: `82 ${field} ${bytes.toHex()} | 81 02 4f4b`,
    events: [eventOf(bytes), "text OK"],
  };
}));

/** How an endpoint records a binary message. */
function eventOf(bytes: Uint8Array): string {
  const endpoint = new Endpoint("client");
  endpoint.onMessage(bytes);
  return endpoint.events[0];
}

// The examples of RFC 6455 §5.7, byte for byte.

Deno.test("receive() as client reads the examples of RFC 6455 5.7", () => {
  const endpoint = new Endpoint("client");
  endpoint.feed([
    hex("810548656c6c6f"),
    hex("010348656c"),
    hex("80026c6f"),
    hex("890548656c6c6f"),
    hex("827e0100"),
    hex("00*256"),
    hex("827f0000000000010000"),
    hex("00*65536"),
  ]);
  assertEquals(endpoint.events.slice(0, 3), ["text Hello", "text Hello", `ping ${HELLO}`]);
  assertEquals(endpoint.messages.slice(2), [new Uint8Array(256), new Uint8Array(65536)]);
});

// RFC 6455 §6.2 MUST unmasked
Deno.test("receive() as server reads the masked examples of RFC 6455 5.7", () => {
  const endpoint = new Endpoint("server");
  endpoint.feed([hex("818537fa213d7f9f4d5158"), hex("8a8537fa213d7f9f4d5158")]);
  assertEquals(endpoint.events, ["text Hello", `pong ${HELLO}`]);
});

Deno.test("frame() and vector() write the examples of RFC 6455 5.7", () => {
  assertEquals(vector(`81 05 ${HELLO}`, "server").toHex(), "818537fa213d7f9f4d5158");
  assertEquals(frameFor("server", 0x81, "Hello").toHex(), "818537fa213d7f9f4d5158");
  assertEquals(frame(0x82, new Uint8Array(256)).subarray(0, 4).toHex(), "827e0100");
  assertEquals(frame(0x82, new Uint8Array(65536)).subarray(0, 10).toHex(), "827f0000000000010000");
});

for (const role of ROLES) {
  Deno.test(`receive() as ${role} reads bytes that are part of a larger buffer and leaves them unchanged`, () => {
    const bytes = vector(`81 05 ${HELLO} | 82 7e0100 aa*256`, role);
    const larger = new Uint8Array(bytes.length + 7).fill(0x55);
    larger.set(bytes, 3);
    const before = larger.toHex();
    const endpoint = new Endpoint(role);
    endpoint.feed([larger.subarray(3, 3 + bytes.length)]);
    assertEquals(endpoint.messages, ["Hello", new Uint8Array(256).fill(0xaa)]);
    assertEquals(larger.toHex(), before);
  });

  Deno.test(`receive() as ${role} accepts an empty chunk`, () => {
    const endpoint = new Endpoint(role);
    endpoint.feed([new Uint8Array(0), vector("81 01", role), new Uint8Array(0), new Uint8Array(0)]);
    endpoint.protocol.readBuffer();
    endpoint.protocol.received(0);
    assertEquals(endpoint.events, []);
  });
}

Deno.test("receive() as server unmasks with every octet of the key, also with 0 and ff", () => {
  for (const key of ["00000000", "ffffffff", "00ff00ff", "80000001", "01020304"]) {
    const endpoint = new Endpoint("server");
    const payload = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
    endpoint.feed([frame(0x82, payload, { key }), frame(0x82, payload.subarray(0, 5), { key })]);
    assertEquals(endpoint.messages, [payload, payload.slice(0, 5)], key);
  }
});

Deno.test("receive() as server uses the key of each fragment", () => {
  const endpoint = new Endpoint("server");
  const payload = Uint8Array.from({ length: 99 }, (_, index) => index);
  endpoint.feed([
    frame(0x02, payload.subarray(0, 33), { key: "01020304" }),
    frame(0x00, payload.subarray(33, 66), { key: "a0b0c0d0" }),
    frame(0x80, payload.subarray(66), { key: "0f00f00f" }),
  ]);
  assertEquals(endpoint.messages, [payload]);
});
