import type { RawPeer } from "../support/raw_peer.ts";
import { type RawServer, rawServer } from "../support/raw_server.ts";

/** What a server does with one connection. */
export type Step = (peer: RawPeer) => Promise<void>;

/**
 * Listens, and does with each connection what a script says; with those beyond its end, the last step.
 *
 * @param steps What to do with the first connection, the second one, and so on.
 * @returns The server.
 */
export function scriptedServer(...steps: Step[]): RawServer {
  let count = 0;
  return rawServer((peer) => steps[Math.min(count++, steps.length - 1)](peer));
}

/** Takes the connection, and never answers. */
export const silent: Step = async (peer) => {
  await peer.head();
  await peer.rest();
  peer.leave();
};

/** Ends the connection after some bytes of an answer. */
export function cut(bytes = ""): Step {
  return async (peer) => {
    await peer.head();
    await peer.write(bytes);
    peer.leave();
  };
}

/** Refuses. */
export function refuse(status: number, ...fields: string[]): Step {
  return async (peer) => {
    await peer.head();
    await peer.write([`HTTP/1.1 ${status} No`, "Content-Length: 0", ...fields, "", ""].join("\r\n"));
    await peer.end();
    await peer.rest();
    peer.leave();
  };
}

/** Opens, and cuts the connection. */
export const openAndCut: Step = async (peer) => {
  await peer.accept();
  peer.leave();
};

/** Opens, and closes. */
export function openAndClose(code: number | null): Step {
  return async (peer) => {
    await peer.accept();
    await (code === null ? peer.send(0x88) : peer.close(code));
    await closed(peer);
    peer.leave();
  };
}

/** Opens, and stays until the client closes. */
export const open: Step = async (peer) => {
  await peer.accept();
  if (await closed(peer)) await peer.close(1000).catch(() => {});
  peer.leave();
};

/** Waits for a Close; false if the connection ends without one. */
export async function closed(peer: RawPeer): Promise<boolean> {
  for (;;) {
    const frame = await peer.frame();
    if (frame === "end" || frame.startsWith("close")) return frame !== "end";
    if (frame.startsWith("ping")) await peer.send(0x8a, Uint8Array.fromHex(frame.slice(5))).catch(() => {});
  }
}
