/**
 * A server that notes when each WebSocket is opened. It prints its port; told "count", it prints these times in
 * milliseconds; told "shutdown 1000", it spreads its end over a second.
 *
 *     deno run --allow-net _counting_server.ts
 */
import { makeServer, serve } from "../../server.ts";

const times: number[] = [];
const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
  times.push(performance.now());
  const ws = makeServer(request);
  ws.startConnection();
  return ws.response;
});
console.log((server.addr as Deno.NetAddr).port);

for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const [command, spread] = text.trim().split(" ");
  if (command === "count") console.log(JSON.stringify(times));
  else void server.shutdown({ code: 1012, spread: Number(spread) });
}
