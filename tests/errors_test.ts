import { assert, assertEquals, assertInstanceOf, assertStringIncludes, assertThrows } from "@std/assert";
import { ConnectionError, ErrorCode, HandshakeError, ProtocolError, WebSocketError } from "../mod.ts";

// WHATWG WebSockets, "The WebSocketError interface": a DOMException with two attributes more.
Deno.test("new WebSocketError() creates a DOMException of that name", () => {
  const error = new WebSocketError("Why", { closeCode: 4000, reason: "because" });
  assertInstanceOf(error, DOMException);
  assertEquals([error.name, error.message, error.code], ["WebSocketError", "Why", 0]);
  assertEquals([error.closeCode, error.reason], [4000, "because"]);
  assertEquals(Object.getPrototypeOf(WebSocketError), DOMException);
  assertEquals(String(error), "WebSocketError: Why");
  assertStringIncludes(error.stack!, "errors_test.ts");
});

Deno.test("new WebSocketError() has the standard's defaults", () => {
  const { message, code, closeCode, reason } = new WebSocketError();
  assertEquals([message, code, closeCode, reason], ["", 0, null, ""]);
  assertEquals(new WebSocketError("", { reason: "only" }).closeCode, 1000);
  assertEquals("cause" in new WebSocketError(), false);
});

Deno.test("new WebSocketError() throws for a code or reason that a Close frame can't hold", () => {
  for (const closeCode of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]) {
    assertEquals(assertThrows(() => new WebSocketError("", { closeCode }), DOMException).name, "InvalidAccessError");
  }
  for (const reason of ["x".repeat(124), "\u{1f50c}".repeat(32)]) {
    assertEquals(assertThrows(() => new WebSocketError("", { reason }), DOMException).name, "SyntaxError");
  }
});

const cause = new Error("The inner reason");
const KINDS = [
  ["WebSocketError", new WebSocketError("Why", { code: ErrorCode.LISTENER_FAILED, closeCode: 1011, cause }), 1011],
  ["ProtocolError", new ProtocolError("Why", ErrorCode.RESERVED_BIT), 1002],
  ["ConnectionError", new ConnectionError("Why", ErrorCode.CONNECTION_LOST, cause), 1006],
  ["HandshakeError", new HandshakeError("Why", { status: 401, cause }), 1006],
] as const;

for (const [name, error, closeCode] of KINDS) {
  Deno.test(`${name} has a stable code, a close code and a cause, and is a DOMException and an Error`, () => {
    for (const type of [WebSocketError, DOMException, Error]) assertInstanceOf(error, type);
    assertEquals([error.name, error.closeCode, error.message], [name, closeCode, "Why"]);
    assertEquals(error.cause, name === "ProtocolError" ? undefined : cause);
    assert(typeof error.code === "string" && error.code.startsWith("WS_"));
  });

  Deno.test(`console.log() shows the codes and the cause of a ${name}`, () => {
    const shown = Deno.inspect(error);
    assert(shown.startsWith(`${name}: Why\n    at `), shown);
    assertStringIncludes(shown, `code: "${error.code}"`);
    assertStringIncludes(shown, `closeCode: ${closeCode}`);
    assertEquals(shown.includes("[cause]: Error: The inner reason"), error.cause === cause);
    assertEquals(shown.includes("Symbol("), false, shown);
  });
}
