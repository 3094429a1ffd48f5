// What a listener counts.
import { assertEquals } from "@std/assert";
import { isWebSocket, makeServer, serve } from "../../server.ts";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { netTest } from "../support/permissions.ts";
import { handshake, RawPeer } from "../support/raw_peer.ts";

netTest("stats counts what is open, opened, closed by code, and refused by status", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {}, maxConnections: 3 }, (request) => {
    if (!isWebSocket(request)) return new Response("page\n");
    const ws = makeServer(request);
    ws.on("message", () => ws.send("x".repeat(16 * 1024 * 1024)));
    return ws.accept();
  });
  const connect = async () =>
    new RawPeer(new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port: server.addr.port })));
  const ask = async (request: string) => {
    using peer = await connect();
    await peer.write(request);
    return (await peer.rest()).slice(9, 12);
  };
  const ended = async () => {
    while (server.stats.pending > 0) await new Promise((resolve) => setTimeout(resolve));
  };
  const nothing = { connections: 0, pending: 0, opened: 0, closed: {}, refused: {}, bufferedAmount: 0 };
  assertEquals(server.stats, nothing);

  assertEquals(await ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "200");
  await ended();
  assertEquals(server.stats, nothing);
  assertEquals(await ask("nonsense\r\n\r\n"), "400");
  assertEquals(await ask(handshake({ "Sec-WebSocket-Key": "short" })), "400");
  await ended();

  const peers = [await connect(), await connect(), await connect()];
  for (const peer of peers) await peer.open();
  assertEquals(await ask("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), "503");
  await ended();
  assertEquals(server.stats, { ...nothing, connections: 3, opened: 3, refused: { 400: 2, 503: 1 } });

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
  assertEquals(server.stats, { ...nothing, opened: 3, closed: { 1006: 1, 3000: 2 }, refused: { 400: 2, 503: 1 } });
});
