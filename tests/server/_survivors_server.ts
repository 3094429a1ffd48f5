/**
 * A server that says how many bytes of V8's old space are in use, after two minor collections: an object that survives
 * both is old. Run it with `--v8-flags=--expose-gc`.
 */
import { getHeapSpaceStatistics } from "node:v8";
import { isWebSocket, makeServer, serve } from "../../server.ts";

const { gc } = globalThis as unknown as { gc: (options: { type: "minor" }) => void };

function oldSpace(): number {
  gc({ type: "minor" });
  gc({ type: "minor" });
  return getHeapSpaceStatistics().find(({ space_name }) => space_name === "old_space")!.space_used_size;
}

const onListen = ({ port }: Deno.NetAddr) => console.log(port);
const server = serve({ hostname: "127.0.0.1", port: 0, onListen }, async (request) => {
  if (isWebSocket(request)) return makeServer(request).accept();
  while (server.connections.size > 0) await new Promise((resolve) => setTimeout(resolve));
  return new Response(String(oldSpace()));
});
