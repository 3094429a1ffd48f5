// What "down" reports is exactly what the transport was given a byte of, whichever write fails.
import { assert, assertEquals } from "@std/assert";
import { ConnTransport, type Transport } from "../../client.ts";
import { netTest } from "../support/permissions.ts";
import { Random } from "../support/random.ts";
import { rawServer } from "../support/raw_server.ts";
import { impatientClient } from "./_client_log.ts";

/** Passes writes on, up to one that never ends; it knows all bytes that it was given. */
class StallingTransport implements Transport {
  readonly retainsWrites = false;
  readonly written: Uint8Array[] = [];
  /** Resolves when that write has come. */
  readonly stalled: Promise<void>;
  readonly #conn: ConnTransport;
  readonly #stall: () => void;
  #left: number;

  constructor(conn: ConnTransport, left: number) {
    this.#conn = conn;
    this.#left = left;
    ({ promise: this.stalled, resolve: this.#stall } = Promise.withResolvers<void>());
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(bytes: Uint8Array): Promise<void> {
    this.written.push(bytes.slice());
    if (this.#left-- > 0) return this.#conn.write(bytes);
    this.#stall();
    return new Promise(() => {});
  }

  closeWrite(): Promise<void> {
    return this.#conn.closeWrite();
  }

  close(): void {
    this.#conn.close();
  }
}

/** How many text messages begin in bytes that a client has sent. RFC 6455 §5.2. */
function countMessages(bytes: Uint8Array): number {
  let count = 0;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length;) {
    if ((bytes[at] & 0x0f) === 1) count++;
    // A header that is cut off belongs to the last frame there is.
    if (at + 14 > bytes.length && (bytes[at + 1] & 0x7f) >= 126) break;
    const size = bytes[at + 1] & 0x7f;
    const extended = size < 126 ? 0 : size === 126 ? 2 : 8;
    const length = extended === 0 ? size : extended === 2 ? view.getUint16(at + 2) : Number(view.getBigUint64(at + 2));
    at += 2 + extended + 4 + length;
  }
  return count;
}

for (let seed = 1; seed <= 20; seed++) {
  netTest(`"down" reports exactly the messages of which the transport got a byte (${seed})`, async () => {
    const random = new Random(seed * 2_654_435_761);
    const received: string[] = [];
    let count = 0;
    // The first connection answers no Ping, so that nothing is confirmed.
    await using server = rawServer(async (peer) => {
      await peer.accept();
      const second = ++count === 2;
      for (let frame = ""; frame !== "end" && !frame.startsWith("close"); frame = await peer.frame()) {
        if (second && frame.startsWith("text")) received.push(frame.slice(5).split(" ")[0]);
      }
      await peer.close(1000).catch(() => {});
      peer.leave();
    });
    const transports: StallingTransport[] = [];
    const { ws, log } = impatientClient(async () => {
      const conn = new ConnTransport(await Deno.connect({ hostname: "127.0.0.1", port: server.port }));
      // One write is the handshake's.
      const transport = new StallingTransport(conn, transports.length === 0 ? 1 + random.next(6) : Infinity);
      transports.push(transport);
      return { url: "ws://localhost/", transport };
    }, { whileAway: "queue", maxQueueBytes: 2 ** 30, pingInterval: 0, closeTimeout: 1_000 });
    const down = new Promise<string[]>((resolve) => ws.once("down", (down) => resolve(down.unconfirmed as string[])));
    await ws.startConnection();
    const messages = Array.from({ length: 400 }, (_, number) => {
      return `${number} ${"x".repeat(random.next(random.pick([1, 10, 1_000, 30_000, 100_000])))}`;
    });
    const sending = (async () => {
      for (const message of messages) {
        assert(ws.send(message) !== false);
        if (random.next(10) === 0) await new Promise((resolve) => setTimeout(resolve));
      }
    })();
    await transports[0].stalled;
    await sending;
    ws.client!.terminate();
    const reported = (await down).map((message) => message.split(" ")[0]);
    const handed = countMessages(
      new Uint8Array(await new Blob(transports[0].written.slice(1) as BlobPart[]).arrayBuffer()),
    );
    assertEquals(reported, messages.slice(0, handed).map((message) => message.split(" ")[0]));
    await log.until("up", 2);
    ws.closeConnection();
    await ws.closed;
    assertEquals(received, messages.slice(handed).map((message) => message.split(" ")[0]));
    assert(handed > 0 && handed < messages.length);
  });
}
