/**
 * A client that stays connected. It prints a line for each of its events.
 *
 *     deno run --allow-net _sleeping_client.ts URL
 */
import { makeReconnectingClient } from "../../client.ts";

const ws = makeReconnectingClient(Deno.args[0], { minDelay: 10, maxDelay: 100, pingInterval: 100, pingTimeout: 200 });
ws.on("up", () => console.log("up"));
ws.on("down", ({ code }) => console.log(`down ${code}`));
ws.on("message", (message) => console.log(`text ${message}`));
await ws.startConnection();
