/**
 * Chat rooms with presence, and their page. Open it in several tabs.
 *
 *     deno run --allow-net examples/chat.ts [PORT]
 */
import { isWebSocket, makeServer, serve } from "@wsd/driver";
import { Topics } from "@wsd/driver/topics";
import page from "./chat.html" with { type: "text" };

/**
 * Answers requests of the chat: its page, and its WebSockets. A room is a topic, so with a broker the guests of a room
 * may be connected to different processes.
 */
export async function chat(request: Request, topics: Topics): Promise<Response> {
  if (!isWebSocket(request)) return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
  const { searchParams } = new URL(request.url);
  const topic = `room/${searchParams.get("room")?.slice(0, 32) || "lobby"}`;
  const name = searchParams.get("name")?.trim().slice(0, 24) || "Guest";
  // The page keeps a secret, and reconnects with it. Others see only its hash, so nobody can impersonate a guest.
  const id = await hash(searchParams.get("secret") ?? crypto.randomUUID());
  const ws = makeServer(request, { maxLength: 4096, allowedOrigins: "same-host" });
  const tell = (event: Record<string, unknown>) => topics.publish(topic, JSON.stringify({ ...event, id, name }));
  ws.on("open", async () => {
    ws.sendJson({ type: "welcome", id, name });
    await topics.subscribe(ws, topic);
    tell({ type: "joined" });
  });
  ws.on("message", (message) => {
    const { type, text, ref } = JSON.parse(String(message));
    if (type === "say") tell({ type: "said", text: String(text).slice(0, 1000), ref, at: Date.now() });
    // Pages announce that they are present: when somebody joins, and from time to time.
    if (type === "here") tell({ type: "here" });
  });
  ws.on("close", () => tell({ type: "left" }));
  return ws.accept();
}

async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return new Uint8Array(digest, 0, 6).toHex();
}

if (import.meta.main) {
  const topics = new Topics({ name: "chat" });
  serve({
    port: Number(Deno.args[0] ?? 5000),
    shutdownOn: ["SIGINT", "SIGTERM"],
    onListen: ({ port }) => console.log(`Open http://localhost:${port}/`),
  }, (request) => chat(request, topics));
}
