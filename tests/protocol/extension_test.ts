import { assert, assertEquals, assertFalse } from "@std/assert";
import { Buffer } from "node:buffer";
import { WebSocketError } from "../../protocol.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { concat, frameFor, hex, pattern, readFrames } from "../support/frames.ts";
import { PACES, toyEncode, ToyExtension } from "../support/toy_extension.ts";
import { testVectors, type Vector, violation } from "../support/vectors.ts";

const encoder = new TextEncoder();

/** A message in hex as the toy extension puts it on the wire. */
const toy = (text: string) => toyEncode(encoder.encode(text)).toHex();

testVectors(PACES.flatMap((pace): Vector[] => {
  const extension = () => new ToyExtension(pace);
  const vectors: Vector[] = [
    {
      does: "decodes a message with RSV1",
      frames: `c1 06 ${toy("Hello")} | c2 03 ${toy("ab")}`,
      events: ["text Hello", "binary 6162"],
    },
    {
      does: "leaves a message without RSV1 as it is",
      frames: "81 05 48656c6c6f | 82 01 00",
      events: ["text Hello", "binary 00"],
    },
    {
      does: "decodes fragments together and keeps all in order",
      frames: `41 01 2a | 89 01 61 | 00 01 ${toy("ab").slice(2, 4)} | 80 01 ${
        toy("ab").slice(4)
      } | 89 01 62 | 81 01 63`,
      events: ["ping 61", "text ab", "ping 62", "text c"],
      sent: ["pong 61", "pong 62"],
    },
    {
      does: "decodes an empty message",
      frames: `c2 01 2a | 42 00 | 80 01 2a`,
      events: ["binary", "binary"],
    },
    {
      does: "answers a Close only after the message before it",
      frames: `c1 02 ${toy("a")} | 88 02 03e8 | 81 01 62`,
      events: ["text a", "close 1000"],
      sent: ["close 1000"],
    },
    {
      does: "refuses RSV1 on a continuation",
      frames: `41 01 2a | c0 01 9e`,
      ...violation("RESERVED_BIT"),
    },
    {
      does: "refuses RSV1 on a continuation of a message without it",
      frames: "01 01 61 | 40 01 62",
      ...violation("RESERVED_BIT"),
    },
    ...["c8", "c9", "ca"].map((first) => ({
      does: `refuses RSV1 on a control frame, ${first}`,
      frames: `${first} 02 03e8`,
      ...violation("RESERVED_BIT"),
    })),
    ...["a1", "91", "f1", "e1", "d2"].map((first) => ({
      does: `refuses the reserved bits of ${first}, which nobody owns`,
      frames: `${first} 01 2a`,
      ...violation("RESERVED_BIT"),
    })),
    {
      does: "closes with the code of the extension's error",
      frames: "81 01 61 | c1 02 0000 | 81 01 62",
      events: ["text a", "error WS_INVALID_COMPRESSED_DATA 1007"],
      sent: ["close 1007"],
    },
    {
      does: "refuses text that is not valid UTF-8 once decoded",
      frames: "c1 02 2a00",
      ...violation("INVALID_UTF8", 1007),
    },
    {
      does: "does not validate text before it is decoded",
      frames: `41 03 ${toy("Hi")} | 80 00`,
      events: ["text Hi"],
    },
    {
      does: "tells the extension maxLength",
      frames: `c1 04 ${toy("abc")} | c1 05 ${toy("abcd")}`,
      options: { maxLength: 5 },
      events: ["text abc", "text abcd"],
    },
    {
      does: "refuses more than maxLength on the header also where it is transformed",
      frames: "c1 06",
      options: { maxLength: 5 },
      ...violation("MESSAGE_TOO_LONG", 1009),
    },
  ];
  return vectors.map((each) => ({ ...each, does: `${each.does}, ${pace}`, extension }));
}));

Deno.test("receive() passes exactly maxLength to the extension", () => {
  const limits: number[] = [];
  const extension = new ToyExtension("synchronous");
  const decode = extension.decode.bind(extension);
  extension.decode = (payload, maxLength) => (limits.push(maxLength), decode(payload, maxLength));
  new Endpoint("client", { extension, maxLength: 77 }).feed([frameFor("client", 0xc1, toyEncode(hex("61")))]);
  assertEquals(limits, [77]);
});

for (const role of ROLES) {
  for (const pace of PACES) {
    Deno.test(`sendText() and sendBinary() as ${role} go through the extension in order, ${pace}`, async () => {
      const extension = new ToyExtension(pace);
      const endpoint = new Endpoint(role, { extension });
      const { protocol } = endpoint;
      const expected: string[] = [];
      for (let i = 0; i < 200; i++) {
        assert(i % 2 === 0 ? protocol.sendText(`${i}`) : protocol.sendBinary(encoder.encode(`${i}`)));
        expected.push(`${i % 2 === 0 ? "c1" : "c2"} ${toy(`${i}`)}`);
        assert(protocol.sendText(`plain ${i}`, false));
        expected.push(`text plain ${i}`);
        assert(protocol.sendBinary(new Uint8Array(0)));
        expected.push("binary");
      }
      assert(protocol.sendClose(1000));
      assertFalse(protocol.sendText("after"));
      await extension.settle();
      assertEquals(endpoint.sent(), [...expected, "close 1000"]);
      assertEquals([protocol.queued, extension.overlaps], [0, 0]);
    });

    Deno.test(`receive() as ${role} keeps the order of many messages with the extension, ${pace}`, async () => {
      const extension = new ToyExtension(pace);
      const endpoint = new Endpoint(role, { extension });
      const texts = Array.from({ length: 300 }, (_, index) => `${index}`);
      endpoint.feed([
        concat(
          texts.map((text, index) =>
            index % 3 === 0 ? frameFor(role, 0x81, text) : frameFor(role, 0xc1, toyEncode(encoder.encode(text)))
          ),
        ),
      ]);
      await extension.settle();
      assertEquals(endpoint.messages, texts);
      assertEquals(extension.overlaps, 0);
    });
  }

  Deno.test(`receive() as ${role} is blocked until the extension answers, and keeps reading meanwhile`, async () => {
    const extension = new ToyExtension("asynchronous");
    extension.held = true;
    const endpoint = new Endpoint(role, { extension });
    endpoint.feed([frameFor(role, 0xc1, toyEncode(hex("61")))]);
    assert(endpoint.protocol.blocked);
    endpoint.feed([frameFor(role, 0x82, pattern(20_000)), frameFor(role, 0x89, "b")], "readBuffer");
    endpoint.protocol.resume();
    assertEquals(endpoint.events, []);
    await extension.settle();
    assertFalse(endpoint.protocol.blocked);
    assertEquals(endpoint.messages, ["a", pattern(20_000)]);
    assertEquals(endpoint.events.at(-1), "ping 62");
  });

  Deno.test(`pause() as ${role} holds back an answer from the extension, too`, async () => {
    const extension = new ToyExtension("asynchronous");
    const endpoint = new Endpoint(role, { extension });
    endpoint.feed([frameFor(role, 0xc1, toyEncode(hex("61"))), frameFor(role, 0xc1, toyEncode(hex("62")))]);
    endpoint.protocol.pause();
    await extension.settle();
    assertEquals(endpoint.events, []);
    endpoint.protocol.resume();
    assertEquals(endpoint.events, ["text a"]);
    await extension.settle();
    assertEquals(endpoint.events, ["text a", "text b"]);
  });

  Deno.test(`close() as ${role} drops what is with the extension, and frees it once`, async () => {
    for (const held of [true, false]) {
      const extension = new ToyExtension("asynchronous");
      let closes = 0;
      extension.close = () => void closes++;
      extension.held = held;
      const endpoint = new Endpoint(role, { extension });
      const { protocol } = endpoint;
      endpoint.feed([frameFor(role, 0xc1, toyEncode(hex("61")))]);
      protocol.sendText("b");
      protocol.sendText("c");
      protocol.close();
      protocol.close();
      const { outputs } = endpoint;
      await extension.settle();
      assertEquals([endpoint.events, endpoint.sent(), protocol.queued], [[], [], 0]);
      assertEquals([closes, endpoint.outputs], [1, outputs]);
    }
  });

  Deno.test(`close() as ${role} while an answer is held back drops it`, async () => {
    const extension = new ToyExtension("asynchronous");
    const endpoint = new Endpoint(role, { extension });
    endpoint.feed([frameFor(role, 0xc1, toyEncode(hex("61")))]);
    endpoint.protocol.pause();
    await extension.settle();
    endpoint.protocol.close();
    endpoint.protocol.resume();
    assertEquals(endpoint.events, []);
  });

  Deno.test(`fail() as ${role} drops what is with the extension and queues its Close at once`, async () => {
    const extension = new ToyExtension("asynchronous");
    extension.held = true;
    const endpoint = new Endpoint(role, { extension });
    const { protocol } = endpoint;
    protocol.sendText("a");
    protocol.sendText("b");
    let sent: string[] = [];
    endpoint.onEvent = () => sent = endpoint.sent();
    protocol.fail(new WebSocketError("Why", { closeCode: 1011 }));
    assertEquals(sent, ["close 1011 Why"]);
    await extension.settle();
    assertEquals([endpoint.sent(), protocol.queued], [[], 0]);
  });

  Deno.test(`receive() as ${role} reports a Close only after all messages before it`, async () => {
    const extension = new ToyExtension("asynchronous");
    extension.held = true;
    const endpoint = new Endpoint(role, { extension });
    const { protocol } = endpoint;
    protocol.sendText("a");
    protocol.sendText("b");
    endpoint.feed([frameFor(role, 0x89, "p"), frameFor(role, 0x88, hex("03e8"))]);
    assertEquals([endpoint.events, protocol.state], [["ping 70", "close 1000"], "closing"]);
    assertEquals(endpoint.sent(), ["pong 70"]);
    await extension.settle();
    assertEquals(endpoint.sent(), [`c1 ${toy("a")}`, `c1 ${toy("b")}`, "close 1000"]);
    assertEquals(protocol.state, "closed");
  });

  Deno.test(`queued as ${role} counts what is with the extension and what waits for it`, async () => {
    const extension = new ToyExtension("asynchronous");
    extension.held = true;
    const endpoint = new Endpoint(role, { extension });
    const { protocol } = endpoint;
    protocol.sendText("abc");
    assertEquals(protocol.queued, 3);
    protocol.sendBinary(new Uint8Array(1000));
    assertEquals(protocol.queued, 1003);
    await extension.settle();
    assertEquals(protocol.queued, readFrames(concat([protocol.next()!])).length === 2 ? protocol.next()!.length : 0);
    protocol.done();
    assertEquals(protocol.queued, 0);
    assertEquals(endpoint.outputs, 2);
  });

  Deno.test(`sendBinary() as ${role} copies a payload that must wait for the extension`, async () => {
    const extension = new ToyExtension("asynchronous");
    const endpoint = new Endpoint(role, { extension });
    const first = Buffer.from("ab");
    const second = Buffer.from("cd");
    const third = hex("6566");
    for (const bytes of [first, second, third]) endpoint.protocol.sendBinary(bytes);
    for (const bytes of [first, second, third]) bytes.fill(0);
    await extension.settle();
    assertEquals(endpoint.sent(), ["ab", "cd", "ef"].map((text) => `c2 ${toy(text)}`));
  });

  Deno.test(`whenWritten() as ${role} waits for the messages that are with the extension`, async () => {
    const extension = new ToyExtension("asynchronous");
    const endpoint = new Endpoint(role, { extension });
    const log: string[] = [];
    endpoint.protocol.sendText("a");
    endpoint.protocol.whenWritten(() => log.push("a"));
    endpoint.protocol.sendText("b");
    endpoint.protocol.whenWritten(() => log.push("b"));
    endpoint.writes();
    assertEquals(log, []);
    await extension.settle();
    assertEquals(log, []);
    endpoint.writes();
    assertEquals(log, ["a", "b"]);
  });

  Deno.test(`sendText() as ${role} fails the connection if the extension fails`, async () => {
    const fail = () => {
      throw new Error("Out of memory");
    };
    const rejecting = { encode: () => Promise.reject(new Error("Out of memory")) };
    for (const fault of [rejecting, { encode: fail }, { wants: fail }]) {
      const extension = Object.assign(new ToyExtension("asynchronous"), fault);
      const endpoint = new Endpoint(role, { extension });
      endpoint.protocol.sendText("a");
      endpoint.protocol.sendText("b");
      endpoint.protocol.sendClose(1001);
      await extension.settle();
      assertEquals(endpoint.events, ["error WS_EXTENSION_FAILED 1011"]);
      assertEquals(endpoint.sent(), ["close 1011 internal error"]);
    }
  });

  Deno.test(`sendText() and receive() as ${role} fail the connection if memory runs out after the extension's answer`, async () => {
    // Stands for bytes that can't be copied, nor decoded.
    const answer = new Uint8Array(1);
    Object.defineProperty(answer, "length", {
      get() {
        throw new RangeError("Array buffer allocation failed");
      },
    });
    for (const pace of PACES) {
      const extension = new ToyExtension(pace);
      extension.encode = extension.decode = () => pace === "synchronous" ? answer : Promise.resolve(answer);
      const sender = new Endpoint(role, { extension });
      sender.protocol.sendText("a");
      const receiver = new Endpoint(role, { extension });
      receiver.feed([frameFor(role, 0xc1, toyEncode(hex("61")))]);
      await extension.settle();
      assertEquals(sender.events, ["error WS_EXTENSION_FAILED 1011"], pace);
      assertEquals(receiver.events, ["error WS_EXTENSION_FAILED 1011"], pace);
    }
  });

  Deno.test(`receive() as ${role} fails the connection with 1011 for an internal error of the extension`, async () => {
    const fault = new Error("Out of memory");
    const throwing = new ToyExtension("synchronous");
    throwing.decode = () => {
      throw fault;
    };
    const rejecting = new ToyExtension("asynchronous");
    rejecting.decode = () => Promise.reject(fault);
    for (const extension of [throwing, rejecting]) {
      const endpoint = new Endpoint(role, { extension });
      let cause: unknown;
      const { onError } = endpoint;
      endpoint.onError = (error) => {
        cause = error.cause;
        onError.call(endpoint, error);
      };
      endpoint.feed([frameFor(role, 0xc1, toyEncode(hex("61"))), frameFor(role, 0x81, "b")]);
      await extension.settle();
      assertEquals([endpoint.events, cause], [["error WS_EXTENSION_FAILED 1011"], fault]);
      assertEquals(extension.closed, true);
    }
  });
}

Deno.test("sendText() and receive() carry messages through the extension from side to side", async () => {
  for (const pace of PACES) {
    const extensions = [new ToyExtension(pace), new ToyExtension(pace)];
    const client = new Endpoint("client", { extension: extensions[0] });
    const server = new Endpoint("server", { extension: extensions[1] });
    const messages = ["", "a", "é".repeat(300), pattern(5), pattern(70_000), "a".repeat(100_000), "\ufeff", "end"];
    for (const message of messages) {
      if (typeof message === "string") client.protocol.sendText(message);
      else client.protocol.sendBinary(message);
    }
    await extensions[0].settle();
    server.feed(client.writes());
    await extensions[1].settle();
    assertEquals(server.messages, messages);
  }
});
