/** The web's classes as Web IDL has them: what web-platform-tests' idlharness looks at, and conversions of arguments. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { WebSocket, WebSocketError, WebSocketStream } from "../../mod.ts";
import { clampUnsignedShort, enforceUnsignedShort } from "../../src/web/web_idl.ts";
import { netTest } from "../support/permissions.ts";
import { next, serveSockets } from "./_sockets.ts";

const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const ATTRIBUTES: Record<
  string,
  { type: typeof WebSocket | typeof WebSocketStream; readonly: string[]; own: string[] }
> = {
  WebSocket: {
    type: WebSocket,
    readonly: ["url", "readyState", "bufferedAmount", "extensions", "protocol"],
    own: ["binaryType", "onopen", "onmessage", "onerror", "onclose"],
  },
  WebSocketStream: { type: WebSocketStream, readonly: ["url", "opened", "closed"], own: [] },
};

for (const [name, { type, readonly, own }] of Object.entries(ATTRIBUTES)) {
  Deno.test(`${name} has its attributes on its own prototype, enumerable, and for its own kind only`, () => {
    for (const attribute of [...readonly, ...own]) {
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, attribute)!;
      assertEquals([descriptor.enumerable, descriptor.configurable], [true, true], attribute);
      assertEquals(typeof descriptor.set, own.includes(attribute) ? "function" : "undefined", attribute);
      assertThrows(() => descriptor.get!.call({}), TypeError);
      assertThrows(() => descriptor.get!.call(type.prototype), TypeError);
      if (descriptor.set) assertThrows(() => descriptor.set!.call({}, undefined), TypeError);
    }
  });

  Deno.test(`${name} is named, takes one required argument, and has its methods enumerable`, () => {
    assertEquals([type.name, type.length], [name, 1]);
    const tag = Object.getOwnPropertyDescriptor(type.prototype, Symbol.toStringTag);
    assertEquals(tag, { value: name, writable: false, enumerable: false, configurable: true });
    const close = Object.getOwnPropertyDescriptor(type.prototype, "close")!;
    assertEquals([close.enumerable, close.value.length], [true, 0]);
    assertEquals(Object.getOwnPropertyDescriptor(type, "prototype")!.writable, false);
    assertThrows(() => (type as unknown as () => void)(), TypeError);
  });
}

Deno.test("WebSocket inherits from EventTarget, and has one more method", () => {
  assert(Object.getPrototypeOf(WebSocket) === EventTarget);
  assert(Object.getPrototypeOf(WebSocket.prototype) === EventTarget.prototype);
  assertEquals(WebSocket.prototype.send.length, 1);
});

Deno.test("WebSocket's constants are on the class and its prototype, and can't be changed", () => {
  for (const [name, value] of Object.entries(CONSTANTS)) {
    for (const object of [WebSocket, WebSocket.prototype]) {
      const descriptor = { value, enumerable: true, writable: false, configurable: false };
      assertEquals(Object.getOwnPropertyDescriptor(object, name), descriptor);
      assertThrows(() => (object as unknown as Record<string, number>)[name] = 5, TypeError);
    }
  }
});

Deno.test("new WebSocket(), new WebSocketStream() and send() throw a TypeError without their argument", () => {
  for (const type of [WebSocket, WebSocketStream] as unknown as (new () => object)[]) {
    assertThrows(() => new type(), TypeError, "expected at least 1 argument, received 0");
  }
});

netTest("WebSocket converts its arguments as Web IDL does", async () => {
  await using server = serveSockets((socket) => {
    socket.onmessage = ({ data }) => socket.send(data);
  });
  const { url } = server;
  const ws = new WebSocket({ toString: () => url } as never, new Set(["beta"]) as never);
  assertThrows(() => (ws.send as () => void)(), TypeError, "expected at least 1 argument");
  // The argument is converted before the state is looked at.
  assertThrows(() => ws.send(Symbol() as never), TypeError);
  assertEquals(assertThrows(() => ws.send("early"), DOMException).name, "InvalidStateError");
  await next(ws, "open");
  assertEquals(ws.protocol, "beta");
  for (const [data, text] of [[null, "null"], [undefined, "undefined"], [12, "12"], ["\ud800", "\ufffd"]]) {
    ws.send(data as never);
    assertEquals((await next(ws, "message")).data, text);
  }
  assertThrows(() => ws.close(Symbol() as never), TypeError);
  ws.close(3000.4, 12 as never);
  assertEquals((await next(ws, "close")).code, 3000);
});

// WHATWG WebSockets, "If any of the values in protocols occur more than once"; web-platform-tests take no case for one.
Deno.test("new WebSocket() and new WebSocketStream() refuse a duplicate subprotocol, whatever its case", () => {
  const protocols = ["echo", "eCho"];
  for (
    const create of [
      () => new WebSocket("ws://localhost/", protocols),
      () => new WebSocketStream("ws://localhost/", { protocols }),
    ]
  ) assertEquals(assertThrows(create, DOMException).name, "SyntaxError");
});

Deno.test("new WebSocket() ignores further arguments that are not options, as the standard does", () => {
  const Constructor = WebSocket as unknown as new (...values: unknown[]) => WebSocket;
  for (const more of [["x"], [5, "x"], [undefined, null]]) new Constructor("ws://localhost/", "a", ...more).close();
});

for (const options of [true, 5, "x", Symbol()]) {
  Deno.test(`new WebSocketStream() throws a TypeError for ${String(options)} as its options`, () => {
    assertThrows(() => new WebSocketStream("ws://localhost/", options as never), TypeError, "expected an object");
  });
}

for (const protocols of ["hi", 5, null, {}]) {
  Deno.test(`new WebSocketStream() throws a TypeError for ${JSON.stringify(protocols)} as its protocols`, () => {
    assertThrows(
      () => new WebSocketStream("ws://localhost/", { protocols: protocols as never }),
      TypeError,
      "expected a list of strings",
    );
  });
}

Deno.test("new WebSocket() and new WebSocketStream() refuse unknown options, and those the web doesn't have", () => {
  const wrong = { heders: {} } as never;
  assertThrows(() => new WebSocket("ws://localhost/", [], wrong), TypeError, "heders");
  assertThrows(() => new WebSocket("ws://localhost/", wrong), TypeError, "heders");
  assertThrows(() => new WebSocketStream("ws://localhost/", wrong), TypeError, "heders");
  for (const name of ["acceptProtocols", "requireProtocol", "streamCloseCode"]) {
    assertThrows(() => new WebSocketStream("ws://localhost/", { [name]: [] } as never), TypeError, name);
  }
});

netTest(
  "WebSocketStream.close() converts its argument as Web IDL does, and sends nothing if that fails",
  async () => {
    const closed = Promise.withResolvers<CloseEvent>();
    await using server = serveSockets((socket) => socket.onclose = (event) => closed.resolve(event));
    const stream = new WebSocketStream(server.url);
    await stream.opened;
    for (const info of [true, 5, "x"]) assertThrows(() => stream.close(info as never), TypeError, "an object");
    for (const closeCode of [-1, 65536, NaN, "x", Infinity]) {
      assertThrows(() => stream.close({ closeCode: closeCode as never }), TypeError, "from 0 to 65535");
    }
    stream.close({ closeCode: "4000" as never, reason: 12 as never });
    const { code, reason } = await closed.promise;
    assertEquals([code, reason], [4000, "12"]);
  },
);

Deno.test("clampUnsignedShort() rounds to the nearest, ties to even", () => {
  const values = [[NaN, 0], [-5, 0], [0.5, 0], [1.5, 2], [2.5, 2], [2.6, 3], [70000, 65535], ["12", 12], [null, 0]];
  for (const [value, expected] of values) assertEquals(clampUnsignedShort(value), expected);
});

Deno.test("enforceUnsignedShort() accepts the integer part of a number in range, and nothing else", () => {
  assertEquals([1000, 1000.9, "1000", true, -0.5, null].map((value) => enforceUnsignedShort(value, "test")), [
    1000,
    1000,
    1000,
    1,
    0,
    0,
  ]);
  for (const value of [-1, 65536, NaN, Infinity, undefined, "x"]) {
    assertThrows(() => enforceUnsignedShort(value, "test"), TypeError, "Cannot test: expected an integer");
  }
});

Deno.test("WebSocketError has exactly the members of the standard", () => {
  const error = new WebSocketError("Why", { closeCode: 4000 });
  assertEquals(Object.getPrototypeOf(WebSocketError.prototype), DOMException.prototype);
  assertEquals([error.closeCode, error.reason, WebSocketError.length], [4000, "", 0]);
});
