// Server frameworks that call Deno.upgradeWebSocket, with ours in its place, and clients that nobody here wrote.
import { assert, assertEquals } from "@std/assert";
import { upgradeWebSocket } from "../../mod.ts";
import { testWith } from "../support/permissions.ts";
import { type Handler, listen } from "./_replaced_upgrade.ts";

const NEEDS = { net: true, read: true, write: true, env: true, sys: true };

/** A client of npm's ws, and all that it receives. */
async function connect(url: string, protocols: string[] = []) {
  const { WebSocket } = await import("npm:ws@8.23.0");
  const ws = new WebSocket(url, protocols);
  const messages: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  ws.on("message", (data: unknown) => {
    const text = String(data);
    const next = waiting.shift();
    if (next === undefined) messages.push(text);
    else next(text);
  });
  const closed = new Promise<[number, string]>((resolve) => {
    ws.on("close", (code: number, reason: unknown) => resolve([code, `${reason}`]));
  });
  await new Promise((resolve, reject) => ws.once("open", resolve).once("error", reject));
  const next = () => {
    const text = messages.shift();
    return text === undefined ? new Promise<string>((resolve) => waiting.push(resolve)) : Promise.resolve(text);
  };
  return { ws, next, closed };
}

for (const kind of ["serve", "Deno.serve"]) {
  testWith(NEEDS, `Hono runs on upgradeWebSocket() under ${kind}`, async () => {
    const { Hono } = await import("npm:hono@4.13.19");
    const { upgradeWebSocket: upgrade } = await import("npm:hono@4.13.19/deno");
    const events: string[] = [];
    const app = new Hono();
    app.get("/", (context) => context.text("A page"));
    app.get(
      "/ws",
      upgrade(() => ({
        onOpen: (_event, ws) => ws.send("Welcome"),
        onMessage(event, ws) {
          if (event.data === "leave") ws.close(1001, "Gone");
          else ws.send(`You said ${event.data}`);
        },
        onClose: ({ code }) => void events.push(`close ${code}`),
      })),
    );
    await using server = listen(kind, app.fetch as Handler);
    const page = await fetch(server.url.replace("ws:", "http:").replace("/ws", "/"));
    assertEquals(await page.text(), "A page");
    const { ws, next, closed } = await connect(server.url, ["chat"]);
    assertEquals([ws.protocol, await next()], ["chat", "Welcome"]);
    ws.send("Hi");
    assertEquals(await next(), "You said Hi");
    ws.send("leave");
    assertEquals(await closed, [1001, "Gone"]);
    assertEquals(events, ["close 1001"]);
  });

  testWith(NEEDS, `crossws runs on upgradeWebSocket() under ${kind}`, async () => {
    const { default: crossws } = await import("npm:crossws@0.4.17/adapters/deno");
    const left = Promise.withResolvers<void>();
    const adapter = crossws({
      hooks: {
        upgrade: (request) => {
          if (request.headers.get("authorization") !== null) return new Response("No", { status: 403 });
          const protocol = request.headers.get("sec-websocket-protocol");
          return { headers: { "x-server": "crossws", ...(protocol && { "sec-websocket-protocol": protocol }) } };
        },
        open(peer) {
          peer.subscribe("room");
          peer.send(`Welcome from ${peer.remoteAddress}`);
        },
        message(peer, message) {
          if (message.text() === "leave") peer.close(4000, "Bye");
          else peer.publish("room", message.text());
        },
        close: () => left.resolve(),
      },
    });
    await using server = listen(kind, (request, info) => adapter.handleUpgrade(request, info));
    const one = await connect(server.url);
    const two = await connect(server.url, ["chat"]);
    assertEquals([one.ws.protocol, two.ws.protocol], ["", "chat"]);
    assertEquals([await one.next(), await two.next()], ["Welcome from 127.0.0.1", "Welcome from 127.0.0.1"]);
    one.ws.send("Hi everyone");
    assertEquals(await two.next(), "Hi everyone");
    one.ws.send("leave");
    assertEquals(await one.closed, [4000, "Bye"]);
    await left.promise;
    two.ws.close();
    await two.closed;
  });
}

testWith(NEEDS, "upgradeWebSocket() takes the socket of node:http's upgrade, as the runtime's own does", async () => {
  const { createServer } = await import("node:http");
  const server = createServer();
  server.on("upgrade", (incoming, socket, head) => {
    const headers = new Headers(incoming.headers as Record<string, string>);
    const request = new Request(`http://${incoming.headers.host}/`, { headers });
    const { socket: ws } = upgradeWebSocket(request, { socket, head, headers: { "x-server": "node" } });
    ws.onmessage = ({ data }) => ws.send(data);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { ws, next, closed } = await connect(`ws://127.0.0.1:${port}/`);
  ws.send("Hi");
  assertEquals(await next(), "Hi");
  ws.close(4001);
  assertEquals((await closed)[0], 4001);
  assert(server.listening);
  await new Promise((resolve) => server.close(resolve));
});
