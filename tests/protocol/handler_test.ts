import { assertEquals } from "@std/assert";
import { Protocol, type ProtocolHandler } from "../../protocol.ts";
import { ROLES } from "../support/endpoint.ts";
import { concat, frameFor } from "../support/frames.ts";

for (const role of ROLES) {
  Deno.test(`Protocol as ${role} calls its handler, whatever else the handler has`, () => {
    const events: string[] = [];
    const other = { onMessage: () => events.push("message elsewhere"), onPing() {}, onPong() {} };
    const handler: ProtocolHandler & { messageHandler: unknown } = {
      messageHandler: other,
      onMessage: (message) => events.push(`message ${message}`),
      onPing: () => events.push("ping"),
      onPong: () => events.push("pong"),
      onClose: () => events.push("close"),
      onError: ({ message }) => events.push(message),
      onOutput() {},
    };
    const frames = [[0x81, "Hi"], [0x89, ""], [0x8a, ""], [0x88, ""]] as const;
    new Protocol(role, handler).receive(concat(frames.map(([first, payload]) => frameFor(role, first, payload))));
    assertEquals(events, ["message Hi", "ping", "pong", "close"]);
  });
}
