import { ConnTransport } from "../../../src/transport/conn_transport.ts";
import { RawPeer } from "../../support/raw_peer.ts";

/**
 * Opens a WebSocket on which this side does as it likes.
 *
 * @param port Where to.
 * @param fields Fields of the handshake that differ from the usual ones.
 * @returns The connection, and the peer that uses it.
 */
export async function openRaw(
  port: number,
  fields: Record<string, string>,
): Promise<{ conn: Deno.TcpConn; peer: RawPeer }> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const peer = new RawPeer(new ConnTransport(conn));
  const head = await peer.open(undefined, fields);
  if (!head.startsWith("HTTP/1.1 101 ")) throw new Error(`A handshake was refused: ${head.split("\r\n")[0]}`);
  return { conn, peer };
}
