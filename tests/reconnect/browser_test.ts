// The recipe for a browser in docs/reconnecting.md, run with the runtime's own WebSocket, which is a browser's.
import { assertEquals } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { open as stayOpen, openAndClose, openAndCut, refuse, scriptedServer } from "./_script.ts";

const GUIDE = new URL("../../docs/reconnecting.md", import.meta.url);

type StayConnected = (url: string, onSocket: (ws: globalThis.WebSocket) => void) => () => void;

/** Takes the recipe out of the guide. */
async function recipe(): Promise<StayConnected> {
  const blocks = (await Deno.readTextFile(GUIDE)).split("```");
  const source = blocks.find((block) => block.includes("export function stayConnected"))!.slice("ts\n".length);
  const module = await import(URL.createObjectURL(new Blob([source], { type: "application/typescript" })));
  return module.stayConnected;
}

testWith({ net: true, read: true }, "the recipe for a browser comes back, and ends after a final code", async () => {
  const stayConnected = await recipe();
  await using server = scriptedServer(openAndCut, refuse(500), stayOpen);
  const { promise, resolve } = Promise.withResolvers<globalThis.WebSocket>();
  let opened = 0;
  const stop = stayConnected(server.url, (ws) => ws.addEventListener("open", () => ++opened === 2 && resolve(ws)));
  const ws = await promise;
  assertEquals(server.peers.length, 3);
  const closed = new Promise((resolve) => ws.addEventListener("close", resolve));
  stop();
  await closed;

  await using final = scriptedServer(openAndClose(4000), stayOpen);
  const event = await new Promise<CloseEvent>((resolve) => {
    stayConnected(final.url, (ws) => ws.addEventListener("close", resolve));
  });
  assertEquals([event.code, final.peers.length], [4000, 1]);
});
