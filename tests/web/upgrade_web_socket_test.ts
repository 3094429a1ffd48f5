import { assertEquals, assertThrows } from "@std/assert";
import { serve, upgradeWebSocket, WebSocket } from "../../mod.ts";
import { netTest } from "../support/permissions.ts";
import { echo, next, serveSockets } from "./_sockets.ts";

for (const runtime of [false, true]) {
  const under = runtime ? "Deno.serve" : "serve";

  netTest(`upgradeWebSocket() under ${under} returns a socket as the runtime's own does`, async () => {
    const accepted = Promise.withResolvers<WebSocket>();
    await using server = serveSockets((socket) => {
      echo(socket);
      accepted.resolve(socket);
    }, runtime);
    const ws = new WebSocket(server.url, "beta");
    await next(ws, "open");
    const socket = await accepted.promise;
    assertEquals([socket.url, socket.binaryType, socket.protocol, socket.readyState], ["", "arraybuffer", "beta", 1]);
    for (const message of ["Hi", new Blob(["a Blob"])]) {
      ws.send(message);
      const { data } = await next(ws, "message");
      assertEquals(typeof data === "string" ? data : await data.text(), message instanceof Blob ? "a Blob" : message);
    }
    const closed = Promise.all([next(socket, "close"), next(ws, "close")]);
    ws.close(4001, "Bye");
    const [{ wasClean, code, reason }] = await closed;
    assertEquals([wasClean, code, reason], [true, 4001, "Bye"]);
  });
}

Deno.test("upgradeWebSocket() throws a TypeError for a request that is not a handshake, or a subprotocol not offered", () => {
  assertThrows(() => upgradeWebSocket(new Request("http://localhost/")), TypeError, "Cannot upgrade");
  const headers = { "sec-websocket-protocol": "a, b" };
  const request = new Request("http://localhost/", { headers });
  assertThrows(() => upgradeWebSocket(request, { protocol: "c" }), TypeError, "subprotocol that the client offers");
});

// The runtime's own takes "" for none, and frameworks pass it on.
netTest('upgradeWebSocket() treats the protocol "" as none', async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    return upgradeWebSocket(request, { protocol: "" }).response;
  });
  const ws = new WebSocket(`ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`);
  await next(ws, "open");
  assertEquals(ws.protocol, "");
  ws.close();
  await next(ws, "close");
});

// RFC 6455 §7.4: a server goes away, has an internal error, or restarts.
for (const runtime of [false, true]) {
  netTest(
    `upgradeWebSocket()'s socket closes with what a server may send, ${runtime ? "Deno." : ""}serve`,
    async () => {
      for (const code of [1000, 1001, 1003, 1008, 1011, 1012, 1014, 3000, 4999]) {
        await using server = serveSockets((socket) => socket.onopen = () => socket.close(code, "Bye"), runtime);
        const event = await next(new WebSocket(server.url), "close");
        assertEquals([event.code, event.reason, event.wasClean], [code, "Bye", true]);
      }
    },
  );
}

netTest("upgradeWebSocket()'s socket refuses codes that must not be sent", async () => {
  const accepted = Promise.withResolvers<WebSocket>();
  await using server = serveSockets((socket) => accepted.resolve(socket));
  const ws = new WebSocket(server.url);
  await next(ws, "open");
  const socket = await accepted.promise;
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000]) {
    assertEquals(assertThrows(() => socket.close(code), DOMException).name, "InvalidAccessError");
  }
  socket.close(1001);
  assertEquals((await next(ws, "close")).code, 1001);
});

netTest("upgradeWebSocket() can replace Deno.upgradeWebSocket", async () => {
  const runtimes = Deno.upgradeWebSocket;
  try {
    Deno.upgradeWebSocket = upgradeWebSocket as typeof Deno.upgradeWebSocket;
    await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => socket.send(data);
      return response;
    });
    const ws = new WebSocket(`ws://127.0.0.1:${server.addr.port}/`);
    await next(ws, "open");
    ws.send("Hi");
    assertEquals((await next(ws, "message")).data, "Hi");
    ws.close();
    await next(ws, "close");
  } finally {
    Deno.upgradeWebSocket = runtimes;
  }
});
