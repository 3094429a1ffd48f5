import { ConnTransport } from "../../src/transport/conn_transport.ts";
import type { Certificate } from "./certificate.ts";
import { RawPeer } from "./raw_peer.ts";

/** A server that does what a test says. Disposal ends its connections, and throws if one of them failed. */
export interface RawServer extends AsyncDisposable {
  /** Its address. */
  readonly url: string;
  /** Its port. */
  readonly port: number;
  /** The connections so far. */
  readonly peers: readonly RawPeer[];
}

/**
 * Listens on a free port.
 *
 * @param answer What to do with each connection.
 * @param certificate Makes it speak TLS.
 * @returns The server.
 */
export function rawServer(answer: (peer: RawPeer) => Promise<void>, certificate?: Certificate): RawServer {
  const where = { hostname: "127.0.0.1", port: 0 };
  const listener = certificate === undefined ? Deno.listen(where) : Deno.listenTls({ ...where, ...certificate });
  const peers: RawPeer[] = [];
  const answers: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const conn of listener) {
      const peer = new RawPeer(new ConnTransport(conn), "server");
      peers.push(peer);
      answers.push(answer(peer));
    }
  })();
  const { port } = listener.addr;
  return {
    url: `${certificate === undefined ? "ws" : "wss"}://127.0.0.1:${port}/`,
    port,
    peers,
    async [Symbol.asyncDispose]() {
      listener.close();
      peers.forEach((peer) => peer.leave());
      await accepting;
      // One more may have come meanwhile.
      peers.forEach((peer) => peer.leave());
      await Promise.all(answers);
    },
  };
}

/** Answers with bytes once the request has arrived, and ends its side. */
export function respond(...parts: string[]): (peer: RawPeer) => Promise<void> {
  return async (peer) => {
    await peer.head();
    // A client that has seen enough closes the connection.
    for (const part of parts) await peer.write(part).catch(() => {});
    await peer.end().catch(() => {});
  };
}
