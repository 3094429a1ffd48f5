// What a connection counts, on every kind of server.
import { assert, assertEquals, assertGreaterOrEqual } from "@std/assert";
import { hostKinds, openPair } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";

for (const kind of hostKinds) {
  testWith(kind.permissions, `stats counts messages and bytes each way, with ${kind.name}`, async () => {
    await using pair = await openPair(kind, { onClient: (ws) => ws.send("early") });
    const { client, server } = pair;
    const written = (ws: typeof client | typeof server, message: string | Uint8Array) =>
      new Promise<void>((callback) => assert(ws.send(message, { callback })));
    await written(client, "abc");
    await written(client, new Uint8Array(1000));
    await client.sendStream(["d", "e"]);
    // Of which nobody wants to know when they are written.
    server.send("ü");
    server.send(new Uint8Array(10));
    await pair.clientLog.received(2);
    await written(server, "fgh");
    await pair.serverLog.received(4);
    await pair.clientLog.received(3);
    assertEquals([client.stats.messagesSent, client.stats.messagesReceived], [4, 3]);
    assertEquals([server.stats.messagesSent, server.stats.messagesReceived], [3, 4]);
    // Headers of 2, 2 and 4 bytes with masking keys of 4, and a message in fragments, of which there may be one or two.
    assertGreaterOrEqual(client.stats.bytesSent, 6 + 5 + 6 + 3 + 8 + 1000 + 6 + 2);
    assertEquals(client.stats.bytesReceived, 4 + 12 + 5);
    const isBuiltIn = kind.lacks.has("framing");
    assertEquals(server.stats.bytesSent, isBuiltIn ? 2 + 10 + 3 : 4 + 12 + 5);
    assertEquals(server.stats.bytesReceived, isBuiltIn ? 0 : client.stats.bytesSent);
    assertEquals([client.stats.bufferedAmount, server.stats.bufferedAmount], [0, 0]);
    // Control frames are no messages, and what is refused was not sent.
    if (!kind.lacks.has("ping")) {
      await client.ping();
      assertEquals([client.stats.messagesSent, server.stats.messagesReceived], [4, 4]);
    }
    client.closeConnection();
    assertEquals(client.send("late"), false);
    assertEquals(client.stats.messagesSent, 4);
  });
}
