// Who ends TCP, and when. RFC 6455 §7.1.1.
import { assert, assertEquals, assertFalse } from "@std/assert";
import { WebSocketError } from "../../protocol.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { frameFor, hex } from "../support/frames.ts";

const CLOSE = hex("03e8");

for (const role of ROLES) {
  // RFC 6455 §7.1.1 SHOULD time-wait
  Deno.test(`transportEnd as ${role} has the server end TCP first, once both Close frames are written`, () => {
    for (const first of ["we", "the peer"]) {
      const endpoint = new Endpoint(role);
      const { protocol } = endpoint;
      assertEquals([protocol.transportEnd, protocol.closeExpected], ["none", false]);
      if (first === "we") {
        protocol.sendClose();
        endpoint.writes();
        assertEquals([protocol.transportEnd, protocol.closeExpected], ["none", true]);
      }
      endpoint.feed([frameFor(role, 0x88, CLOSE)]);
      if (first === "the peer") assertEquals(protocol.transportEnd, "none", "our answer is not written yet");
      endpoint.writes();
      assertEquals(protocol.closeInfo, { code: 1000, reason: "" });
      assertEquals([protocol.transportEnd, protocol.closeExpected], [role === "server" ? "closeWrite" : "none", true]);
      if (role === "server") protocol.writeEnded();
      assertEquals([protocol.transportEnd, protocol.closeExpected], ["none", true]);
      protocol.receiveEof();
      assertEquals([protocol.transportEnd, protocol.closeExpected, protocol.state], ["close", false, "closed"]);
    }
  });

  Deno.test(`transportEnd as ${role} ends our side of a connection that has failed, once its Close is written`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    protocol.fail(new WebSocketError("Why", { closeCode: 1008 }));
    assertEquals(protocol.transportEnd, "none");
    assertEquals(endpoint.sent(), ["close 1008 Why"]);
    assertEquals(protocol.transportEnd, "closeWrite");
    protocol.writeEnded();
    assertEquals(protocol.transportEnd, "none");
    protocol.receiveEof();
    assertEquals(protocol.transportEnd, "close");
    assertEquals(protocol.closeInfo, { code: 1008, reason: "Why" });
  });

  Deno.test(`receiveEof() as ${role} before any Close ends the connection at once, whatever is queued`, () => {
    for (const closing of [false, true]) {
      const endpoint = new Endpoint(role);
      const { protocol } = endpoint;
      protocol.sendText("lost");
      if (closing) protocol.sendClose();
      protocol.receiveEof();
      assertEquals([protocol.transportEnd, protocol.state, protocol.closeInfo], ["close", "closed", null]);
      assertEquals(endpoint.writes(), []);
      assertFalse(protocol.sendText("late"));
    }
  });

  Deno.test(`receiveEof() as ${role} after the peer's Close lets the answer be written`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    endpoint.feed([frameFor(role, 0x88, CLOSE)]);
    protocol.receiveEof();
    assertEquals(protocol.transportEnd, "none");
    assertEquals(endpoint.sent(), ["close 1000"]);
    assertEquals(protocol.transportEnd, "close");
  });

  Deno.test(`writeEnded() as ${role} sends nothing more, and still receives up to the peer's Close`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    protocol.sendText("lost");
    protocol.writeEnded();
    assertEquals([protocol.state, protocol.closeExpected, protocol.queued], ["closing", true, 0]);
    assertFalse(protocol.sendText("late"));
    assertFalse(protocol.sendClose());
    endpoint.feed([frameFor(role, 0x81, "a"), frameFor(role, 0x89, "b"), frameFor(role, 0x88, CLOSE)]);
    assertEquals(endpoint.events, ["text a", "ping 62", "close 1000"]);
    assertEquals(endpoint.writes(), []);
    assertEquals([protocol.state, protocol.transportEnd], ["closed", "none"]);
    protocol.receiveEof();
    assertEquals(protocol.transportEnd, "close");
  });

  Deno.test(`writeEnded() as ${role} before the peer breaks a rule leaves only its end to wait for`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    protocol.writeEnded();
    endpoint.feed([frameFor(role, 0x83)]);
    assertEquals(endpoint.events, ["error WS_RESERVED_OPCODE 1002"]);
    assertEquals(endpoint.writes(), []);
    assertEquals([protocol.state, protocol.transportEnd], ["closed", "none"]);
    protocol.fail(new WebSocketError("Again", { closeCode: 1008 }));
    assertEquals(endpoint.events.length, 1);
    assert(protocol.closeExpected);
  });
}
