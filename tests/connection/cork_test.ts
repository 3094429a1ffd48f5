import { assertEquals } from "@std/assert";
import type { ConnectionHandler } from "../../src/connection/connection.ts";
import { ProtocolConnection } from "../../src/connection/protocol_connection.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { ROLES } from "../support/endpoint.ts";

const HANDLER: ConnectionHandler = {
  onMessage() {},
  onPing() {},
  onPong() {},
  onDrain() {},
  onError() {},
  onClose() {},
};
const OPTIONS = { maxLength: 1000, maxFragments: 1, extension: null, closeTimeout: 1000, highWaterMark: 1000 };

/** A transport that counts what is written, and has nothing to read until it is closed. */
function counting() {
  const lengths: number[] = [];
  const ended = Promise.withResolvers<number | null>();
  const transport: Transport = {
    retainsWrites: false,
    read: () => ended.promise,
    write(bytes) {
      lengths.push(bytes.length);
      return Promise.resolve();
    },
    closeWrite: () => Promise.resolve(),
    close: () => ended.resolve(null),
  };
  return { transport, lengths };
}

for (const role of ROLES) {
  const header = role === "client" ? 6 : 2;

  Deno.test(`ProtocolConnection.cork() as ${role} holds messages back across turns, and uncork() writes them at once`, async () => {
    const { transport, lengths } = counting();
    const connection = new ProtocolConnection(transport, HANDLER, role, OPTIONS);
    connection.start(new Uint8Array(0));
    connection.cork();
    for (const text of ["one", "two", "three"]) {
      connection.sendText(text, false);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assertEquals([lengths, connection.bufferedAmount], [[], 3 * header + 11]);
    connection.uncork();
    assertEquals(lengths, [3 * header + 11]);
    connection.sendText("four", false);
    await new Promise((resolve) => setImmediate(resolve));
    assertEquals(lengths.slice(1), [header + 4]);
    connection.terminate();
  });
}
