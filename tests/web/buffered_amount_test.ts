/** What `bufferedAmount` of the web's classes counts: WHATWG WebSockets §3.1. */
import { assert, assertEquals } from "@std/assert";
import { setImmediate, setTimeout } from "node:timers/promises";
import { upgradeWebSocket, WebSocket } from "../../mod.ts";
import type { NodeEnv } from "../../server.ts";
import { type HostKind, hostKinds } from "../support/hosts.ts";
import { testWith } from "../support/permissions.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { next } from "./_sockets.ts";

const KIB = 1024;

hostKinds.filter(({ name }) => !name.includes("stream")).forEach(suite);

function suite(kind: HostKind): void {
  const test = (name: string, fn: () => Promise<void>) => testWith(kind.permissions, `${name}, with ${kind.name}`, fn);

  /** Serves one socket. */
  async function open() {
    const accepted = Promise.withResolvers<WebSocket>();
    const host = await kind.open((env) => {
      const { socket, response } = env instanceof Request
        ? upgradeWebSocket(env)
        : upgradeWebSocket(env.request as Request, { socket: (env as NodeEnv).socket, head: (env as NodeEnv).head });
      accepted.resolve(socket);
      return response;
    });
    return { host, socket: accepted.promise };
  }

  /** The same, and a client that is open. */
  async function openPair() {
    const { host, socket } = await open();
    const client = new WebSocket(host.url, [], host.reach() as never);
    await next(client, "open");
    return { client, server: await socket, [Symbol.asyncDispose]: () => host[Symbol.asyncDispose]() };
  }

  test("WebSocket.bufferedAmount is 0 after a clean close, though nobody has read it before", async () => {
    await using pair = await openPair();
    const { client, server } = pair;
    for (const ws of [client, server]) for (let i = 0; i < 3; i++) ws.send("x".repeat(100 * i + 1));
    client.close();
    await Promise.all([next(client, "close"), next(server, "close")]);
    assertEquals([client.bufferedAmount, server.bufferedAmount], [0, 0]);
  });

  test("WebSocket.bufferedAmount falls to 0 and stays there, whoever learns first that all is written", async () => {
    await using pair = await openPair();
    const { client, server } = pair;
    for (const ws of [client, server]) {
      for (let i = 0; i < 3; i++) ws.send(new Uint8Array(1024 * KIB));
      while (ws.bufferedAmount > 0) await setImmediate();
      ws.send("more");
      const other = ws === client ? server : client;
      while ((await next(other, "message")).data !== "more");
      await setTimeout(20);
      assertEquals(ws.bufferedAmount, 0);
    }
    client.close();
    await Promise.all([next(client, "close"), next(server, "close")]);
  });

  for (const closing of [false, true]) {
    const when = closing ? "after close()" : "while it is open";
    // "The bufferedAmount does not reset to zero once the connection closes."
    test(`WebSocket.bufferedAmount keeps what was unsent at an abrupt end ${when}, and counts on`, async () => {
      const { host, socket } = await open();
      await using _host = host;
      const peer = new RawPeer(await host.connect());
      await peer.open();
      const ws = await socket;
      if (ws.readyState !== 1) await next(ws, "open");
      for (let i = 0; i < 24; i++) ws.send(new Uint8Array(512 * KIB));
      for (let i = 0; i < 20; i++) await setImmediate();
      if (closing) ws.close();
      const closed = next(ws, "close");
      let ended = false;
      closed.then(() => ended = true);
      const amounts = [ws.bufferedAmount];
      peer.leave();
      while (!ended) {
        amounts.push(ws.bufferedAmount);
        await setImmediate();
      }
      const left = ws.bufferedAmount;
      assert(left > 0, `${left} bytes wait at the end`);
      assert(amounts.every((amount) => amount >= left), `${amounts} and then ${left}`);
      ws.send("lost");
      await setImmediate();
      assertEquals(ws.bufferedAmount, left + 4);
    });
  }
}
