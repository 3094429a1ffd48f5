import { assert, assertEquals, assertInstanceOf, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { ConnectionError, ErrorCode, ProtocolError, WebSocketError } from "../../src/errors.ts";
import { RuntimeConnection, whenOpen } from "../../src/connection/runtime_connection.ts";
import type { Connection } from "../../src/connection/connection.ts";
import { closeFrame, closePayload, LONG, openBuiltIn, Recorder, upgradeBuiltIn } from "../support/runtime_pair.ts";
import { concat, frame, frameFor } from "../support/frames.ts";
import { netTest, testWith } from "../support/permissions.ts";

const LOST = "error WS_CONNECTION_LOST 1006";
const MIB = 1024 * 1024;

/** More than the system's buffers hold, so that it waits until the peer reads. */
const MUCH = 32 * MIB;

/** Lets the event loop turn, so that what is due happens. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

// Messages

netTest("RuntimeConnection delivers text as strings and binary as bytes, in order", async () => {
  await using pair = await openBuiltIn();
  await pair.peer.send(0x81, "Grüße");
  await pair.peer.send(0x82, Uint8Array.of(0, 255));
  await pair.peer.send(0x81, "");
  await pair.peer.send(0x82, "");
  await pair.recorder.seen(4);
  assertEquals(pair.recorder.events, ["text Grüße", "binary 00ff", "text ", "binary "]);
});

netTest("RuntimeConnection delivers what arrived in the segment of the request, including a Close", async () => {
  const early = concat([
    frameFor("server", 0x81, "a"),
    frameFor("server", 0x82, "b"),
    frameFor("server", 0x88, closePayload(1000, "Bye")),
  ]);
  await using pair = await openBuiltIn({ early });
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, ["text a", "binary 62", "close 1000 Bye"]);
});

netTest("RuntimeConnection joins fragments, and lets the runtime answer a Ping silently", async () => {
  await using pair = await openBuiltIn();
  await pair.peer.send(0x01, "Hel");
  await pair.peer.send(0x89, "p");
  await pair.peer.send(0x80, "lo");
  await pair.recorder.seen(1);
  assertEquals(await pair.peer.frame(), "8a 70");
  assertEquals(pair.recorder.events, ["text Hello"]);
});

netTest("RuntimeConnection takes an unmasked frame, as the runtime does", async () => {
  await using pair = await openBuiltIn();
  await pair.peer.write(frame(0x81, "bare"));
  await pair.recorder.seen(1);
  assertEquals(pair.recorder.events, ["text bare"]);
});

netTest("RuntimeConnection sends text and exactly the bytes in view, and ignores compression options", async () => {
  await using pair = await openBuiltIn();
  const connection: Connection = pair.connection;
  const bytes = Uint8Array.of(9, 1, 2, 9).subarray(1, 3);
  assert(connection.sendText("é", true));
  assert(connection.sendBinary(bytes, false));
  bytes.fill(7);
  assert(connection.sendText("", true));
  assertEquals(await pair.peer.frame(), "81 c3a9");
  assertEquals(await pair.peer.frame(), "82 0102");
  assertEquals(await pair.peer.frame(), "81");
});

// maxLength

const AT_LIMIT = [
  [0x81, "x".repeat(10)],
  [0x81, "ä".repeat(5)],
  [0x81, "\u{1f600}€€"],
  [0x82, new Uint8Array(10)],
] as const;

for (const [first, payload] of AT_LIMIT) {
  netTest(`RuntimeConnection accepts ${name(payload)} of 10 bytes if maxLength is 10`, async () => {
    await using pair = await openBuiltIn({ maxLength: 10 });
    await pair.peer.send(first, payload);
    await pair.recorder.seen(1);
    assertEquals(pair.recorder.events, [typeof payload === "string" ? `text ${payload}` : `binary ${payload.toHex()}`]);
  });
}

const ABOVE_LIMIT = [
  [0x81, "x".repeat(11)],
  [0x81, "ä".repeat(5) + "x"],
  [0x81, "\u{1f600}€€x"],
  [0x82, new Uint8Array(11)],
] as const;

for (const [first, payload] of ABOVE_LIMIT) {
  netTest(`RuntimeConnection fails with 1009 on ${name(payload)} of 11 bytes if maxLength is 10`, async () => {
    await using pair = await openBuiltIn({ maxLength: 10 });
    const { peer, recorder } = pair;
    await peer.write(concat([
      frameFor("server", 0x81, "before"),
      frameFor("server", first, payload),
      frameFor("server", 0x81, "behind"),
    ]));
    await recorder.seen(2);
    const [error] = recorder.errors;
    assertInstanceOf(error, ProtocolError);
    assertEquals(await peer.frame(), closeFrame(1009, error.message));
    await peer.close(1009);
    await recorder.closed();
    assertEquals(recorder.events, ["text before", "error WS_MESSAGE_TOO_LONG 1009", `close 1009 ${error.message}`]);
  });
}

netTest("RuntimeConnection counts a message, not its frames, against maxLength", async () => {
  await using pair = await openBuiltIn({ maxLength: 10 });
  await pair.peer.send(0x02, new Uint8Array(10));
  await pair.peer.send(0x80, new Uint8Array(1));
  await pair.recorder.seen(1);
  assertEquals(pair.recorder.events, ["error WS_MESSAGE_TOO_LONG 1009"]);
});

function name(payload: string | Uint8Array): string {
  return typeof payload === "string" ? `text of ${payload.length} units` : "binary";
}

// The peer's Close

for (
  const [code, reason] of [[1000, "Bye"], [1001, ""], [1011, "Grüße"], [1013, ""], [3000, "x"], [4999, ""]] as const
) {
  netTest(`RuntimeConnection reports the peer's Close with ${code} and the reason "${reason}"`, async () => {
    await using pair = await openBuiltIn();
    await pair.peer.close(code, reason);
    assertEquals(await pair.recorder.closed(), { code, reason });
    assertEquals(await pair.peer.frame(), closeFrame(code, reason));
    assertEquals(await pair.peer.frame(), null);
    assertEquals(pair.recorder.events, [`close ${code} ${reason}`.trimEnd()]);
    assertEquals(pair.connection.state, "closed");
  });
}

netTest("RuntimeConnection reports the peer's Close without a code as 1005", async () => {
  await using pair = await openBuiltIn();
  await pair.peer.send(0x88);
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, ["close 1005"]);
});

// Faults

const FAULTS: readonly (readonly [string, string])[] = [
  ["a reserved bit", "c1 01 78"],
  ["a reserved opcode", "83 01 78"],
  ["a continuation of nothing", "80 01 78"],
  ["text that is not valid UTF-8", "81 01 ff"],
  ["a Close of one byte", "88 01 03"],
  ["a Close with 1006", "88 02 03ee"],
];

for (const [what, text] of FAULTS) {
  netTest(`RuntimeConnection reports ${what} as CONNECTION_LOST with the runtime's error, and 1006`, async () => {
    await using pair = await openBuiltIn();
    await pair.peer.send(0x81, "before");
    const [first, , payload] = text.split(" ");
    await pair.peer.send(parseInt(first, 16), Uint8Array.fromHex(payload));
    await pair.recorder.closed();
    assertEquals(pair.recorder.events, ["text before", LOST, "close 1006"]);
    const [error] = pair.recorder.errors;
    assertInstanceOf(error, ConnectionError);
    assertInstanceOf(error.cause, Error);
    assertStringIncludes(error.message, error.cause.message);
  });
}

netTest(
  "RuntimeConnection reports a peer that leaves in the middle of a frame, and drops what was queued",
  async () => {
    await using pair = await openBuiltIn();
    await pair.peer.send(0x81, "before");
    await pair.recorder.seen(1);
    assert(pair.connection.sendBinary(new Uint8Array(MUCH)));
    pair.connection.whenWritten(() => pair.recorder.record("written"));
    await pair.peer.write(frameFor("server", 0x81, "half").subarray(0, 8));
    pair.peer.leave();
    await pair.recorder.closed();
    await turn();
    assertEquals(pair.recorder.events, ["text before", LOST, "close 1006"]);
    assertEquals([pair.connection.state, pair.connection.bufferedAmount], ["closed", 0]);
  },
);

netTest("RuntimeConnection reports a peer that ends its side without a Close", async () => {
  await using pair = await openBuiltIn();
  await pair.peer.end();
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, [LOST, "close 1006"]);
});

netTest("RuntimeConnection reports a peer that the runtime's idleTimeout gives up on, once", async () => {
  await using pair = await openBuiltIn({ idleTimeout: 0.02 });
  await pair.recorder.closed();
  assertEquals(await pair.peer.frame(), "89");
  assertEquals(await pair.peer.frame(), closeFrame(1001, "No response from ping frame."));
  assertEquals(await pair.peer.frame(), null);
  await turn();
  assertEquals(pair.recorder.events, [LOST, "close 1006"]);
});

// close()

const SENDABLE = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999];

netTest("RuntimeConnection.close() sends every code that may be on the wire, and ends with the peer's", async () => {
  for (const code of SENDABLE) {
    await using pair = await openBuiltIn();
    assert(pair.connection.close(code, "é"));
    assertEquals(pair.connection.state, "closing");
    assertEquals(await pair.peer.frame(), closeFrame(code, "é"));
    await pair.peer.close(4321, "mine");
    await pair.recorder.closed();
    assertEquals(await pair.peer.frame(), null);
    assertEquals(pair.recorder.events, ["close 4321 mine"]);
    assertEquals(pair.connection.state, "closed");
  }
});

netTest("RuntimeConnection.close() sends no code for 1005, and reports 1005", async () => {
  await using pair = await openBuiltIn();
  assert(pair.connection.close(1005, ""));
  assertEquals(await pair.peer.frame(), "88");
  await pair.peer.send(0x88);
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, ["close 1005"]);
});

netTest("RuntimeConnection.close() is sent after earlier messages", async () => {
  await using pair = await openBuiltIn();
  pair.connection.sendText("last");
  pair.connection.close(1000, "");
  assertEquals(await pair.peer.frame(), "81 6c617374");
  assertEquals(await pair.peer.frame(), closeFrame(1000));
});

netTest("RuntimeConnection.close() delivers what the runtime has already read, and is still sent", async () => {
  await using pair = await openBuiltIn();
  const { connection, peer, recorder } = pair;
  recorder.onEvent = (event) => event === "text 0" && connection.close(1000, "");
  const messages = Array.from({ length: 100 }, (_, index) => frameFor("server", 0x81, String(index)));
  await peer.write(concat(messages));
  assertEquals(await peer.frame(), closeFrame(1000));
  await peer.close(1000);
  await recorder.closed();
  assertEquals(recorder.events, [...messages.map((_, index) => `text ${index}`), "close 1000"]);
});

netTest("RuntimeConnection.close() yields to a Close from the peer that has already arrived", async () => {
  for (const code of [1005, 4000]) {
    await using pair = await openBuiltIn();
    const { connection, peer, recorder } = pair;
    recorder.onEvent = (event) => event === "text last" && connection.close(1000, "");
    const payload = code === 1005 ? new Uint8Array(0) : closePayload(code);
    await peer.write(concat([frameFor("server", 0x81, "last"), frameFor("server", 0x88, payload)]));
    await recorder.closed();
    assertEquals(recorder.events, ["text last", `close ${code}`]);
    assertEquals(await peer.frame(), `88 ${payload.toHex()}`.trimEnd());
    assertEquals(await peer.frame(), null);
  }
});

netTest("RuntimeConnection.close() throws for a code or reason that may not be sent, and sends nothing", async () => {
  await using pair = await openBuiltIn();
  for (const code of [0, 999, 1004, 1006, 1015, 2999, 5000, 1000.5]) {
    assertThrows(() => pair.connection.close(code, ""), RangeError, `received ${code}`);
  }
  assertThrows(() => pair.connection.close(1000, "é".repeat(62)), RangeError, "received 124 bytes");
  assertThrows(() => pair.connection.close(1005, "why"), RangeError);
  assertEquals(pair.connection.state, "open");
  pair.connection.sendText("");
  assertEquals(await pair.peer.frame(), "81");
});

netTest("RuntimeConnection sends nothing more and doesn't close again once it is closing or closed", async () => {
  await using pair = await openBuiltIn();
  const { connection, peer, recorder } = pair;
  connection.close(1000, "");
  const again = () => [connection.close(1001, ""), connection.sendText("x"), connection.sendBinary(new Uint8Array(1))];
  assertEquals(again(), [false, false, false]);
  assertEquals(await peer.frame(), closeFrame(1000));
  await peer.close(1000);
  await recorder.closed();
  assertEquals(again(), [false, false, false]);
  assertEquals(await peer.frame(), null);
  assertEquals(recorder.events, ["close 1000"]);
});

const NO_ANSWERS: readonly (readonly [string, Uint8Array])[] = [
  ["a message", frameFor("server", 0x81, "late")],
  ["a Pong", frameFor("server", 0x8a)],
  ["a Ping", frameFor("server", 0x89)],
  ["a Close without a code", frameFor("server", 0x88)],
  ["a broken frame", frameFor("server", 0xc1)],
];

for (const [what, bytes] of NO_ANSWERS) {
  netTest(`RuntimeConnection ends with 1006 if our Close meets ${what}`, async () => {
    await using pair = await openBuiltIn();
    pair.connection.close(1000, "");
    assertEquals(await pair.peer.frame(), closeFrame(1000));
    await pair.peer.write(bytes);
    await pair.recorder.closed();
    assertEquals(await pair.peer.frame(), null);
    assertEquals(pair.recorder.events, ["close 1006"]);
  });
}

netTest("RuntimeConnection ends with 1006 if our Close meets the end of the stream", async () => {
  await using pair = await openBuiltIn();
  pair.connection.close(1000, "");
  assertEquals(await pair.peer.frame(), closeFrame(1000));
  await pair.peer.end();
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, ["close 1006"]);
});

netTest("RuntimeConnection gives up on a peer that doesn't answer at closeTimeout, and reports it once", async () => {
  await using pair = await openBuiltIn({ closeTimeout: 1 });
  const { connection, peer, recorder } = pair;
  connection.close(1000, "");
  await recorder.closed();
  assertEquals(recorder.events, ["error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
  assertInstanceOf(recorder.errors[0], ConnectionError);
  assertEquals(connection.state, "closed");
  // The runtime holds TCP open until it hears anything.
  assertEquals(pair.socket.readyState, WebSocket.CLOSING);
  assertEquals(await peer.frame(), closeFrame(1000));
  await peer.close(1000);
  assertEquals(await peer.frame(), null);
  assertEquals(recorder.events.length, 2);
});

netTest("RuntimeConnection gives up on a peer that reads nothing at closeTimeout", async () => {
  await using pair = await openBuiltIn({ closeTimeout: 1 });
  pair.connection.sendBinary(new Uint8Array(MUCH));
  pair.connection.whenWritten(() => pair.recorder.record("written"));
  pair.connection.close(1000, "");
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, ["error WS_CLOSE_TIMEOUT 1006", "close 1006"]);
});

// fail() and terminate()

netTest(
  "RuntimeConnection.fail() reports the error, closes with its code, and ends with its message, once",
  async () => {
    await using pair = await openBuiltIn();
    const { connection, peer, recorder } = pair;
    connection.sendText("last");
    const message = "é".repeat(100);
    connection.fail(new WebSocketError(message, { code: ErrorCode.LISTENER_FAILED, closeCode: 1011 }));
    connection.fail(new WebSocketError("again", { closeCode: 4000 }));
    assertEquals(connection.state, "closing");
    assertEquals([connection.sendText("x"), connection.close(1000, "")], [false, false]);
    assertEquals(await peer.frame(), "81 6c617374");
    assertEquals(await peer.frame(), closeFrame(1011, "é".repeat(61)));
    assertEquals(recorder.events, ["error WS_LISTENER_FAILED 1011"]);
    await peer.close(1000, "other");
    await recorder.closed();
    assertEquals(await peer.frame(), null);
    connection.fail(new WebSocketError("late"));
    assertEquals(recorder.events, ["error WS_LISTENER_FAILED 1011", `close 1011 ${message}`]);
  },
);

netTest(
  "RuntimeConnection.fail() closes with 1002 if the error has no code, and throws for an unsendable one",
  async () => {
    await using pair = await openBuiltIn();
    assertThrows(
      () => pair.connection.fail(new ConnectionError("x", ErrorCode.CONNECTION_LOST)),
      RangeError,
      "received 1006",
    );
    assertEquals(pair.recorder.events, []);
    pair.connection.fail(new WebSocketError("x"));
    assertEquals(await pair.peer.frame(), closeFrame(1002, "x"));
  },
);

netTest(
  "RuntimeConnection.fail() is reported if the peer never answers, or leaves, without a second error",
  async () => {
    for (const leaves of [false, true]) {
      await using pair = await openBuiltIn({ closeTimeout: leaves ? LONG : 1 });
      pair.connection.fail(new WebSocketError("Why", { closeCode: 1008 }));
      if (leaves) pair.peer.leave();
      await pair.recorder.closed();
      assertEquals(pair.recorder.events, ["error 0 1008", "close 1008 Why"]);
    }
  },
);

netTest("RuntimeConnection.fail() after close() keeps the first Close, and reports the error", async () => {
  await using pair = await openBuiltIn();
  pair.connection.close(1000, "");
  pair.connection.fail(new WebSocketError("Why", { closeCode: 1008 }));
  assertEquals(await pair.peer.frame(), closeFrame(1000));
  await pair.peer.close(1000);
  await pair.recorder.closed();
  assertEquals(pair.recorder.events, ["error 0 1008", "close 1008 Why"]);
});

netTest("RuntimeConnection.terminate() ends at once with 1006, and the peer gets a Close", async () => {
  await using pair = await openBuiltIn();
  const { connection, peer, recorder } = pair;
  connection.whenWritten(() => recorder.record("written"));
  connection.sendText("last");
  connection.whenWritten(() => recorder.record("never"));
  connection.terminate();
  connection.terminate();
  assertEquals(recorder.events, ["written", "close 1006"]);
  assertEquals([connection.state, connection.sendText("x"), connection.close(1000, "")], ["closed", false, false]);
  assertEquals(await peer.frame(), "81 6c617374");
  assertEquals(await peer.frame(), closeFrame(1001));
  await peer.send(0x81, "late");
  assertEquals(await peer.frame(), null);
  assertEquals(recorder.events.length, 2);
});

netTest("RuntimeConnection.terminate() within an event is followed by no other event", async () => {
  await using pair = await openBuiltIn();
  pair.recorder.onEvent = (event) => event.startsWith("text") && pair.connection.terminate();
  await pair.peer.write(concat([frameFor("server", 0x81, "a"), frameFor("server", 0x81, "b")]));
  await pair.recorder.closed();
  await pair.peer.drain();
  assertEquals(pair.recorder.events, ["text a", "close 1006"]);
});

netTest("RuntimeConnection.terminate() within onError ends once", async () => {
  await using pair = await openBuiltIn();
  pair.recorder.onEvent = (event) => event === LOST && pair.connection.terminate();
  await pair.peer.end();
  await pair.recorder.closed();
  await turn();
  assertEquals(pair.recorder.events, [LOST, "close 1006"]);
});

netTest("RuntimeConnection.terminate() and fail() do nothing once it is closed", async () => {
  await using pair = await openBuiltIn();
  await pair.peer.close(1000);
  await pair.recorder.closed();
  pair.connection.fail(new WebSocketError("late"));
  pair.connection.terminate();
  await turn();
  assertEquals(pair.recorder.events, ["close 1000"]);
});

netTest("RuntimeConnection.terminate() is followed by no other event, even if writing fails after it", async () => {
  const pair = await openBuiltIn();
  const failed = new Promise((resolve) => pair.socket.addEventListener("error", resolve));
  pair.connection.sendBinary(new Uint8Array(MUCH));
  pair.connection.terminate();
  await turn();
  await pair[Symbol.asyncDispose]();
  await failed;
  assertEquals(pair.recorder.events, ["close 1006"]);
});

netTest("RuntimeConnection.terminate() doesn't wait for an answer to a Close", async () => {
  await using pair = await openBuiltIn();
  pair.connection.close(1000, "");
  pair.connection.terminate();
  assertEquals(pair.recorder.events, ["close 1006"]);
  assertEquals(await pair.peer.frame(), closeFrame(1000));
});

// What the platform can't do

netTest("RuntimeConnection refuses what the runtime can't do, and says what to use instead", async () => {
  await using pair = await openBuiltIn();
  const connection: Connection = pair.connection;
  const refused = [
    ["Cannot send a Ping", () => connection.sendPing(new Uint8Array(0))],
    ["Cannot send a Pong", () => connection.sendPong(new Uint8Array(0))],
    ["Cannot pause", () => connection.pause()],
    ["Cannot resume", () => connection.resume()],
  ] as const;
  for (const [what, call] of refused) {
    const error = assertThrows(call, TypeError, what);
    assertStringIncludes(
      error.message,
      "this connection came from Deno.serve. Use serve of @wsd/driver",
    );
  }
  assertEquals(connection.state, "open");
});

netTest("RuntimeConnection throws for a socket that is not open", async () => {
  const { promise, resolve } = Promise.withResolvers<WebSocket>();
  await using upgraded = await upgradeBuiltIn(resolve);
  const socket = await promise;
  await upgraded.peer.head();
  await upgraded.peer.send(0x88);
  await upgraded.peer.drain();
  const options = { maxLength: 1, closeTimeout: 1, highWaterMark: 1 };
  assertThrows(() => new RuntimeConnection(socket, new Recorder(), options), TypeError, "readyState is 3");
});

// Backpressure

netTest("RuntimeConnection.whenWritten() runs at once if nothing is queued, else once it is written", async () => {
  await using pair = await openBuiltIn();
  const { connection, recorder } = pair;
  connection.whenWritten(() => recorder.record("nothing"));
  connection.sendText("abc");
  assertEquals(connection.bufferedAmount, 3);
  connection.whenWritten(() => recorder.record("abc"));
  connection.whenWritten(() => recorder.record("abc too"));
  assertEquals(recorder.events, ["nothing"]);
  await recorder.seen(3);
  assertEquals(connection.bufferedAmount, 0);
  assertEquals(recorder.events, ["nothing", "abc", "abc too"]);
});

netTest("RuntimeConnection.whenWritten() waits for what was sent before it, but not after it", async () => {
  await using pair = await openBuiltIn({ highWaterMark: 4 * MUCH });
  const { connection, peer, recorder } = pair;
  connection.sendText("small");
  connection.whenWritten(() => recorder.record("small"));
  connection.sendBinary(new Uint8Array(MUCH));
  connection.whenWritten(() => recorder.record("much"));
  connection.sendText("behind");
  connection.whenWritten(() => recorder.record("behind"));
  await recorder.seen(1);
  await turn();
  assertEquals(recorder.events, ["small"]);
  assertEquals(connection.bufferedAmount, MUCH + "behind".length);
  const drained = peer.drain();
  await recorder.seen(3);
  assertEquals(recorder.events, ["small", "much", "behind"]);
  peer.leave();
  await drained;
});

netTest("RuntimeConnection.whenWritten() runs before the end if the peer's Close has arrived", async () => {
  for (const closes of ["we", "the peer"]) {
    await using pair = await openBuiltIn();
    const { connection, peer, recorder } = pair;
    connection.sendText("last");
    connection.whenWritten(() => recorder.record("written"));
    if (closes === "we") connection.close(1000, "");
    await peer.close(1000);
    await recorder.closed();
    assertEquals(recorder.events, ["written", "close 1000"]);
    connection.whenWritten(() => recorder.record("never"));
    assertEquals(recorder.events.length, 2);
  }
});

netTest("RuntimeConnection.whenWritten() doesn't treat the runtime's 0 after our Close as written", async () => {
  for (const asked of ["before", "behind"]) {
    await using pair = await openBuiltIn();
    const { connection, recorder, socket } = pair;
    connection.sendBinary(new Uint8Array(MUCH));
    if (asked === "before") connection.whenWritten(() => recorder.record("written"));
    connection.close(1000, "");
    while (socket.readyState === WebSocket.OPEN) await turn();
    assertEquals(connection.bufferedAmount, 0);
    if (asked === "behind") connection.whenWritten(() => recorder.record("written"));
    for (let turns = 0; turns < 20; turns++) await turn();
    assertEquals(recorder.events, []);
  }
});

netTest("RuntimeConnection.whenWritten() reports a callback that throws, and runs the others", async () => {
  await using pair = await openBuiltIn();
  const reported: unknown[] = [];
  const listener = (event: ErrorEvent) => {
    event.preventDefault();
    reported.push(event.error.message);
  };
  globalThis.addEventListener("error", listener);
  pair.connection.sendText("x");
  pair.connection.whenWritten(() => {
    throw new Error("mine");
  });
  pair.connection.whenWritten(() => pair.recorder.record("second"));
  await pair.recorder.seen(1);
  globalThis.removeEventListener("error", listener);
  assertEquals([reported, pair.recorder.events], [["mine"], ["second"]]);
});

netTest("RuntimeConnection.onDrain is called once, when less than highWaterMark is queued again", async () => {
  await using pair = await openBuiltIn();
  const { connection, peer, recorder } = pair;
  connection.sendBinary(new Uint8Array(MUCH));
  connection.sendBinary(new Uint8Array(MUCH));
  await turn();
  assertEquals([recorder.events, connection.bufferedAmount], [[], 2 * MUCH]);
  const drained = peer.drain();
  await recorder.seen(1);
  assertEquals(recorder.events, ["drain"]);
  assertEquals(connection.bufferedAmount, 0);
  connection.sendText("x");
  connection.whenWritten(() => recorder.record("written"));
  await recorder.seen(2);
  assertEquals(recorder.events, ["drain", "written"]);
  peer.leave();
  await drained;
});

netTest("RuntimeConnection.onDrain is called if highWaterMark was just reached, but not below it", async () => {
  await using pair = await openBuiltIn({ highWaterMark: 4 });
  const { connection, recorder } = pair;
  connection.sendText("123");
  connection.whenWritten(() => recorder.record("3 written"));
  await recorder.seen(1);
  connection.sendText("1234");
  connection.whenWritten(() => recorder.record("4 written"));
  await recorder.seen(3);
  assertEquals(recorder.events, ["3 written", "4 written", "drain"]);
});

// whenOpen()

netTest("whenOpen() gives up at the timeout, and closes a socket that opens after it", async () => {
  const failed = Promise.withResolvers<ConnectionError>();
  await using upgraded = await upgradeBuiltIn((socket) => {
    whenOpen(socket, { onOpen: () => failed.reject(new Error("open")), onFailure: failed.resolve }, { timeout: 1 });
  }, { respond: (response) => failed.promise.then(() => response) });
  const error = await failed.promise;
  assertInstanceOf(error, ConnectionError);
  assertEquals(error.code, ErrorCode.HANDSHAKE_TIMEOUT);
  await upgraded.peer.head();
  assertEquals(await upgraded.peer.frame(), closeFrame(1001));
});

netTest("whenOpen() closes a socket that opens after it was abandoned, and reports nothing", async () => {
  const told: string[] = [];
  const observer = { onOpen: () => void told.push("open"), onFailure: () => void told.push("failure") };
  await using upgraded = await upgradeBuiltIn((socket) => {
    const abandon = whenOpen(socket, observer, { timeout: LONG });
    abandon();
    abandon();
  });
  await upgraded.peer.head();
  assertEquals(await upgraded.peer.frame(), closeFrame(1001));
  assertEquals(told, []);
});

netTest("whenOpen() can't be abandoned once the socket is open", async () => {
  let abandon = () => {};
  const opened = Promise.withResolvers<void>();
  await using upgraded = await upgradeBuiltIn((socket) => {
    abandon = whenOpen(socket, { onOpen: opened.resolve, onFailure: opened.reject }, { timeout: LONG });
  });
  await opened.promise;
  abandon();
  upgraded.socket.send("still");
  await upgraded.peer.head();
  assertEquals(await upgraded.peer.frame(), "81 7374696c6c");
});

Deno.test("whenOpen() fails once if the socket fails or closes before it opens", async () => {
  const cause = new Error("no stream");
  const failures: readonly (readonly [Event, string, unknown])[] = [
    [new ErrorEvent("error", { error: cause }), "no stream", cause],
    [new CloseEvent("close"), "closed", undefined],
  ];
  for (const [event, message, reason] of failures) {
    // The runtime has no way to be brought to this.
    const socket = new EventTarget() as WebSocket;
    const opening = new Promise<void>((resolve, reject) =>
      whenOpen(socket, { onOpen: resolve, onFailure: reject }, { timeout: LONG })
    );
    socket.dispatchEvent(event);
    socket.dispatchEvent(new CloseEvent("close"));
    const error = await assertRejects(() => opening, ConnectionError, message);
    assertEquals([error.code, error.cause], [ErrorCode.CONNECTION_LOST, reason]);
  }
});

// A peer that nobody here wrote

testWith({ net: true, read: true, env: true }, "RuntimeConnection talks to the ws package", async () => {
  const { default: WebSocketOfWs } = await import("npm:ws@8.18.3");
  const recorder = new Recorder();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    const onOpen = () => {
      const options = { maxLength: 2 * MIB, closeTimeout: LONG, highWaterMark: 64 * 1024 };
      const connection = new RuntimeConnection(socket, recorder, options);
      recorder.onMessage = (message) => {
        if (typeof message === "string") connection.sendText(message);
        else connection.sendBinary(message);
      };
    };
    whenOpen(socket, { onOpen, onFailure: (error) => recorder.onError(error) }, { timeout: LONG });
    return response;
  });
  const client = new WebSocketOfWs(`ws://127.0.0.1:${server.addr.port}/`);
  const closed = new Promise((resolve) =>
    client.on("close", (code: number, reason: Uint8Array) => resolve([code, new TextDecoder().decode(reason)]))
  );
  await new Promise((resolve) => client.on("open", resolve));
  const messages = ["Hi", "", "ä".repeat(65_536), new Uint8Array(0), new Uint8Array(MIB).fill(7)];
  for (const message of messages) {
    const echoed = new Promise<[Uint8Array, boolean]>((resolve) =>
      client.once("message", (data: Uint8Array, isBinary: boolean) => resolve([data, isBinary]))
    );
    client.send(message);
    const [data, isBinary] = await echoed;
    assertEquals(isBinary, typeof message !== "string");
    assertEquals(isBinary ? new Uint8Array(data) : new TextDecoder().decode(data), message);
  }
  client.close(4001, "Done");
  assertEquals(await recorder.closed(), { code: 4001, reason: "Done" });
  assertEquals(await closed, [4001, "Done"]);
  await server.shutdown();
  assertEquals(recorder.events.filter((event) => event !== "drain"), ["close 4001 Done"]);
});
