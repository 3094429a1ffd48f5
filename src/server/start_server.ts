import type { Server } from "./server.ts";

/**
 * Starts a server as `Deno.upgradeWebSocket` does: a handshake that can't be accepted throws.
 *
 * @param server The server.
 * @returns The response to the handshake.
 * @throws {TypeError} If the handshake was refused.
 */
export function startServer(server: Server): Response {
  const faults: Error[] = [];
  const note = (error: Error) => void faults.push(error);
  server.on("error", note);
  const accepted = server.startConnection();
  server.off("error", note);
  if (accepted) return server.response;
  throw new TypeError(`Cannot upgrade the request to a WebSocket: ${faults[0]?.message}`, { cause: faults[0] });
}
