/**
 * WebSockets as a route of Hono. The same app also runs under `Deno.serve(app.fetch)`.
 *
 *     deno run --allow-net examples/hono.ts [PORT]
 */
import { Hono } from "npm:hono@4.13.19";
import { makeServer, serve } from "@wsd/driver";

const app = new Hono();

app.get("/", (context) => context.text("Hello from the website\n"));

app.get("/rooms/:room", (context) => {
  const ws = makeServer(context.req.raw);
  const room = context.req.param("room");
  ws.on("message", (message) => ws.send(`You said in ${room}: ${message}`));
  return ws.accept();
});

serve({ port: Number(Deno.args[0] ?? 5000) }, (request) => app.fetch(request));
