/**
 * Market data: one publisher, hundreds of subscribers, and a live plot of how long a price takes to reach them. A
 * subscriber that is slow gets the newest price of each symbol, and no backlog.
 *
 *     deno run --allow-net examples/ticker.ts serve [PORT]             # then open the page that it prints
 *     deno run --allow-net examples/ticker.ts watch ws://localhost:5000/ [SUBSCRIBERS]
 */
import { broadcast, connect, isWebSocket, makeServer, serve } from "@wsd/driver";
import page from "./ticker.html" with { type: "text" };

const SYMBOLS = ["ADA", "BYTE", "CURL", "DENO", "ECHO", "GRID", "HTTP", "LISP"];

/** How often each price changes, in milliseconds. */
const INTERVAL = 250;

/** The time in milliseconds, with microseconds, on the clock that all programs of this machine share. */
const now = () => performance.timeOrigin + performance.now();

function serveTicker(port: number): void {
  const server = serve({
    port,
    shutdownOn: ["SIGINT", "SIGTERM"],
    onListen: ({ port }) => console.log(`Open http://localhost:${port}/`),
  }, (request) => {
    if (!isWebSocket(request)) return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
    return makeServer(request, { maxLength: 1024 }).accept();
  });

  const prices = new Map(SYMBOLS.map((symbol) => [symbol, 100]));
  let skipped = 0;
  const timer = setInterval(() => {
    for (const [symbol, price] of prices) {
      const next = Math.max(1, price * (1 + (Math.random() - 0.5) / 200));
      prices.set(symbol, next);
      const message = JSON.stringify({ symbol, price: next.toFixed(2), at: now() });
      // While more than 64 KiB are queued for a subscriber, a newer price replaces the queued one.
      skipped += broadcast(server.connections, message, { slow: "latest", slowLimit: 64 * 1024, key: symbol }).skipped;
    }
  }, INTERVAL);
  const report = setInterval(() => {
    console.log(`${server.connections.size} subscribers, ${skipped} prices replaced by newer ones`);
    skipped = 0;
  }, 5_000);
  server.finished.finally(() => {
    clearInterval(timer);
    clearInterval(report);
  });
}

/** Subscribes many times, and prints how long prices take, once a second. */
async function watch(url: string, subscribers: number): Promise<void> {
  let latencies: number[] = [];
  const all = await Promise.all(Array.from({ length: subscribers }, () => connect(url)));
  for (const ws of all) ws.on("message", (message) => latencies.push(now() - JSON.parse(String(message)).at));
  const timer = setInterval(() => {
    const sorted = latencies.sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.floor(part * (sorted.length - 1))]?.toFixed(1);
    console.log(`${sorted.length} prices; ms: half within ${at(0.5)}, 99 % within ${at(0.99)}, all within ${at(1)}`);
    latencies = [];
  }, 1_000);
  await Promise.all(all.map((ws) => ws.closed));
  clearInterval(timer);
}

const [task, where = "5000", subscribers = "500"] = Deno.args;
if (task === "serve") serveTicker(Number(where));
else if (task === "watch") await watch(where, Number(subscribers));
else {
  console.error("Usage: ticker.ts serve [PORT] | watch URL [SUBSCRIBERS]");
  Deno.exitCode = 2;
}
