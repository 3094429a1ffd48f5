import { connect } from "@wsd/driver";
import { TLS_HANDSHAKE_TIMEOUT, TLS_PLACES } from "../soak_server.ts";
import { PATIENCE } from "../patience.ts";
import { type Behavior, below, pause, repeat, type Task } from "./behavior.ts";

/** So many places are taken by those that are silent; the others are for those that talk. */
const SILENT = TLS_PLACES - 16;

/** How many talk at once. */
const TALKING = 8;

/** The beginning of a ClientHello, without its end. */
const HALF_HELLO = Uint8Array.of(22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3);

/** Connections that never finish the handshake of TLS: their places become free, so that others always get in. */
export const silentTls: Behavior = async (task) => {
  const counts = { "silent TLS connections": 0, "conversations beside them": 0 };
  const silent = repeat(SILENT, task, async () => {
    await stayAway(task);
    counts["silent TLS connections"]++;
  });
  const talking = repeat(TALKING, task, async () => {
    await talk(task);
    counts["conversations beside them"]++;
    await pause(100, task);
  });
  return { counts, faults: (await Promise.all([silent, talking])).flat() };
};

/**
 * Says nothing, or half of a ClientHello, for longer than the server waits. The runtime may keep the descriptor until
 * this side ends the connection.
 */
async function stayAway(task: Task): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port: task.tlsPort });
  try {
    if (below(2) === 0) await conn.write(HALF_HELLO);
    await pause(2 * TLS_HANDSHAKE_TIMEOUT, task);
  } finally {
    conn.close();
  }
}

async function talk(task: Task): Promise<void> {
  const ws = await connect(`wss://localhost:${task.tlsPort}/`, { caCerts: [task.caCert], handshakeTimeout: PATIENCE });
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  ws.on("message", resolve);
  ws.on("close", ({ code }) => reject(new Error(`A conversation over TLS was closed with ${code}`)));
  ws.send("Hello");
  await promise;
  ws.closeConnection();
}
