import { assertEquals, assertRejects } from "@std/assert";
import { type Client, makeClient, WebSocketError } from "../../mod.ts";
import { sha1 } from "../../src/handshake/sha1.ts";
import { acceptKey } from "../../src/handshake/accept_key.ts";
import { concat, frame } from "../support/frames.ts";

/** A client whose server sends bytes in one piece with its answer. */
function clientOf(...early: Uint8Array[]): Client {
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  void (async () => {
    const reader = there.readable.getReader();
    const { value } = await reader.read();
    const key = /Sec-WebSocket-Key: (\S+)/i.exec(new TextDecoder().decode(value))![1];
    const head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
      `Sec-WebSocket-Accept: ${acceptKey(key, sha1)}\r\n\r\n`;
    const writer = back.writable.getWriter();
    await writer.write(concat([new TextEncoder().encode(head), ...early]));
    await writer.close();
    while (!(await reader.read()).done);
  })().catch(() => {});
  return makeClient("ws://localhost/", { transport: { readable: back.readable, writable: there.writable } });
}

/** As somebody connects who has a function of their own for it. */
async function connect(client: Client): Promise<Client> {
  await client.startConnection();
  return client;
}

Deno.test("what arrives with the server's response is not lost if readable is taken only then", async () => {
  const client = await connect(clientOf(frame(0x81, "early"), frame(0x88, Uint8Array.of(3, 232))));
  assertEquals(await Array.fromAsync(client.readable), ["early"]);
  assertEquals(await client.closed, { code: 1000, reason: "" });
});

Deno.test("what arrives with the server's response is not lost if a listener is added only then", async () => {
  const client = await connect(clientOf(frame(0x81, "early"), frame(0x88, Uint8Array.of(3, 232))));
  const messages: unknown[] = [];
  client.on("message", (message) => messages.push(message));
  await client.closed;
  assertEquals(messages, ["early"]);
});

for (
  const [name, ...frames] of [
    ["is no UTF-8", frame(0x01, "ok"), frame(0x80, Uint8Array.of(0xff))],
    ["ends within a character", frame(0x01, "ok"), frame(0x80, Uint8Array.of(0xc3))],
  ] as const
) {
  Deno.test(`messages fail with 1007 if a text ${name}`, async () => {
    const client = clientOf(...frames);
    const reader = client.messages.getReader();
    await client.startConnection();
    const { value } = await reader.read();
    const error = await assertRejects(() => new Response(value).text(), WebSocketError);
    assertEquals(error.closeCode, 1007);
    assertEquals((await client.closed).code, 1007);
  });
}
