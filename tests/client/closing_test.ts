// The end of a connection, seen from the client, with scripted servers.
import { assert, assertEquals } from "@std/assert";
import { type Client, ErrorCode, makeClient } from "../../client.ts";
import { EventLog } from "../support/event_log.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import type { RawPeer } from "../support/raw_peer.ts";
import { rawServer } from "../support/raw_server.ts";

/** Connects our client to a server that a test scripts. */
async function play(
  serve: (peer: RawPeer) => Promise<void>,
  act: (ws: Client, log: EventLog) => Promise<void> | void,
  closeTimeout = LONG,
): Promise<EventLog> {
  const done = Promise.withResolvers<void>();
  await using server = rawServer(async (peer) => {
    await peer.accept();
    await serve(peer).then(done.resolve, done.reject);
  });
  const ws = makeClient(server.url, { closeTimeout });
  const log = new EventLog(ws);
  await ws.startConnection();
  await act(ws, log);
  await Promise.all([done.promise, log.closed]);
  return log;
}

// RFC 6455 7.1.1: "the server MUST close the TCP connection first".
netTest("closeConnection() of a client lets the server end TCP", async () => {
  const log = await play(async (peer) => {
    assertEquals(await peer.frame(), "close 1000");
    await peer.close(1000);
    let ended = false;
    const end = peer.frame().then((frame) => {
      ended = true;
      return frame;
    });
    for (let i = 0; i < 20; i++) await turn();
    assertEquals(ended, false);
    await peer.end();
    assertEquals(await end, "end");
  }, (ws) => void ws.closeConnection());
  assertEquals(log.events, ["open", "close 1000"]);
});

netTest("a client answers a Close, and lets the server end TCP", async () => {
  const log = await play(async (peer) => {
    await peer.close(4000, "Go");
    assertEquals(await peer.frame(), "close 4000 Go");
    await peer.end();
    assertEquals(await peer.frame(), "end");
  }, () => {});
  assertEquals(log.events, ["open", "close 4000 Go"]);
});

// RFC 6455 §7.1.7 MUST closes
netTest("a client ends TCP itself if the server broke the protocol", async () => {
  const log = await play(async (peer) => {
    await peer.send(0x83);
    assert((await peer.frame()).startsWith("close 1002 "));
    assertEquals(await peer.frame(), "end");
    peer.leave();
  }, () => {});
  assertEquals(log.events.slice(0, 2), ["open", "error WS_RESERVED_OPCODE 1002"]);
  assert(log.events[2].startsWith("close 1002 "));
});

netTest("closeTimeout ends a client whose server answers but never ends TCP", async () => {
  const log = await play(
    async (peer) => {
      assertEquals(await peer.frame(), "close 3000 Bye");
      await peer.close(3000, "Bye");
      assertEquals(await peer.frame(), "end");
    },
    (ws) => void ws.closeConnection("Bye", 3000),
    20,
  );
  assertEquals(log.events, ["open", "close 3000 Bye"]);
});

netTest("closeTimeout ends a client whose server never answers", async () => {
  const log = await play(
    async (peer) => {
      assertEquals(await peer.frame(), "close 1000");
      assertEquals(await peer.frame(), "end");
    },
    (ws) => void ws.closeConnection(),
    20,
  );
  assertEquals(log.events, ["open", `error ${ErrorCode.CLOSE_TIMEOUT} 1006`, "close 1006"]);
});

netTest("a client fails the connection if the server masks its frames", async () => {
  const log = await play(async (peer) => {
    await peer.write(Uint8Array.of(0x81, 0x80, 1, 2, 3, 4));
    assert((await peer.frame()).startsWith("close 1002 "));
    peer.leave();
  }, () => {});
  assertEquals(log.events[1], "error WS_MASK_FORBIDDEN 1002");
});

netTest("a server that is killed mid-message is reported as 1006, after every complete message", async () => {
  const log = await play(async (peer) => {
    await peer.send(0x81, "whole");
    await peer.write(peer.frameOf(0x82, new Uint8Array(1000)).subarray(0, 500));
    peer.leave();
  }, () => {});
  assertEquals(log.events, ["open", "text whole", "error WS_CONNECTION_LOST 1006", "close 1006"]);
});

/** One turn of the event loop. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve));
}
