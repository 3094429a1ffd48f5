/**
 * The built-in client of the runtime that runs this, Deno or Bun:
 *
 *     deno run --allow-net builtin_client.mjs URLS_AS_JSON
 *
 * @module
 */
import process from "node:process";
import { runChecks } from "./checks.mjs";

const [urls] = process.argv.slice(2);
const whole = "The standard's `WebSocket` sends every message whole";
const isBun = "Bun" in globalThis;

const client = {
  open: (url, { protocols = [], headers }) => new WebSocket(url, { protocols, headers }),
  ping(ws) {
    return new Promise((resolve) => {
      ws.addEventListener("pong", resolve);
      ws.ping("Are you there?");
    });
  },
  limits: isBun ? { "fragments sent": whole } : {
    "fragments sent": whole,
    "ping sent": "The standard's `WebSocket` has no ping",
    compression: "Deno's built-in client does not compress",
  },
};
console.log(JSON.stringify(await runChecks(client, JSON.parse(urls))));
process.exit(0);
