import { assertEquals } from "@std/assert";
import { ProtocolConnection } from "../../src/connection/protocol_connection.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { ROLES } from "../support/endpoint.ts";
import { Recorder } from "../support/runtime_pair.ts";

const OPTIONS = { maxLength: 1000, maxFragments: 1, extension: null, closeTimeout: 60_000, highWaterMark: 1000 };

for (const role of ROLES) {
  // Row: lost
  Deno.test(`ProtocolConnection as ${role} ends at once if the peer does, though a write never settles`, async () => {
    const eof = Promise.withResolvers<number | null>();
    const transport: Transport = {
      retainsWrites: false,
      read: () => eof.promise,
      write: () => new Promise(() => {}),
      closeWrite: () => Promise.resolve(),
      close() {},
    };
    const recorder = new Recorder();
    const connection = new ProtocolConnection(transport, recorder, role, OPTIONS);
    connection.start(new Uint8Array(0));
    connection.sendText("never written", false);
    await Promise.resolve();
    eof.resolve(null);
    assertEquals((await recorder.closed()).code, 1006);
    assertEquals(connection.state, "closed");
  });
}
