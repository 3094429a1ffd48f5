// What a listener counts.
import { assertEquals } from "@std/assert";
import { connect } from "../../client.ts";
import { isWebSocket, type ListenerStats, makeServer, serve } from "../../server.ts";
import { netTest } from "../support/permissions.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";

netTest("stats counts open and opened connections, closes by code, and refusals by status", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {}, maxConnections: 3 }, (request) => {
    if (!isWebSocket(request)) return new Response("page\n");
    const ws = makeServer(request);
    ws.on("message", () => ws.send("x".repeat(16 * 1024 * 1024)));
    return ws.accept();
  });
  const dial = () => RawPeer.dial(server.addr.port);
  const ask = async (request: string) => {
    using peer = await dial();
    await peer.write(request);
    return (await peer.rest()).slice(9, 12);
  };
  const ended = async () => {
    while (server.stats.pending > 0) await new Promise((resolve) => setTimeout(resolve));
  };
  const nothing = { connections: 0, pending: 0, opened: 0, closed: {}, refused: {}, bufferedAmount: 0 };
  assertEquals(nothingCarried(server.stats), nothing);

  assertEquals(await ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "200");
  await ended();
  assertEquals(nothingCarried(server.stats), nothing);
  assertEquals(await ask("nonsense\r\n\r\n"), "400");
  assertEquals(await ask(handshake({ "Sec-WebSocket-Key": "short" })), "400");
  await ended();

  const peers = [await dial(), await dial(), await dial()];
  for (const peer of peers) await peer.open();
  assertEquals(await ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "503");
  await ended();
  assertEquals(nothingCarried(server.stats), { ...nothing, connections: 3, opened: 3, refused: { 400: 2, 503: 1 } });

  const [ws] = server.connections;
  await peers[0].send(0x81, "more than the system takes");
  while (server.stats.bufferedAmount === 0) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(server.stats.bufferedAmount, ws.bufferedAmount);

  peers[0].leave();
  for (const peer of peers.slice(1)) {
    await peer.close(3000);
    await peer.frame();
    peer.leave();
  }
  while (server.connections.size > 0) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(nothingCarried(server.stats), {
    ...nothing,
    opened: 3,
    closed: { 1006: 1, 3000: 2 },
    refused: { 400: 2, 503: 1 },
  });
});

/** The counts without those of what the connections have carried. */
function nothingCarried({ connections, pending, opened, closed, refused, bufferedAmount }: ListenerStats) {
  return { connections, pending, opened, closed, refused, bufferedAmount };
}

netTest("server.stats counts what open and ended connections have carried, as ws.stats does", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    return ws.accept();
  });
  const carried = () => {
    const { messagesSent, messagesReceived, bytesSent, bytesReceived } = server.stats;
    return { messagesSent, messagesReceived, bytesSent, bytesReceived };
  };
  const url = `ws://127.0.0.1:${server.addr.port}/`;
  const [staying, leaving] = [await connect(url), await connect(url)];
  for (const ws of [staying, leaving]) {
    ws.send("Hello");
    await ws.receive();
    assertEquals(ws.stats, {
      messagesSent: 1,
      messagesReceived: 1,
      bytesSent: 11,
      bytesReceived: 7,
      bufferedAmount: 0,
    });
  }
  assertEquals(carried(), { messagesSent: 2, messagesReceived: 2, bytesSent: 14, bytesReceived: 22 });
  leaving.close(1000);
  await leaving.closed;
  while (server.connections.size > 1) await new Promise((resolve) => setTimeout(resolve));
  assertEquals(carried(), { messagesSent: 2, messagesReceived: 2, bytesSent: 18, bytesReceived: 30 });
  staying.terminate();
});
