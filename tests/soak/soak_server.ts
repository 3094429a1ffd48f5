import { makeServer, serve } from "@wsd/driver";
import { makeCertificate } from "../support/certificate.ts";
import { PATIENCE } from "./patience.ts";

/** How many connections the server for TLS takes, and how long a handshake may take there, in milliseconds. */
export const TLS_PLACES = 64;
export const TLS_HANDSHAKE_TIMEOUT = 10_000;

/** Random bytes, of which large messages are made; they don't compress. */
const NOISE = new Uint8Array(1 << 20);
for (let at = 0; at < NOISE.length; at += 65_536) crypto.getRandomValues(NOISE.subarray(at, at + 65_536));

/** The server of the soak: it echoes, sends large messages, keeps clients waiting, and counts. */
export class SoakServer {
  /** Where it listens without TLS. */
  readonly port: number;
  /** Where it listens with TLS. */
  readonly tlsPort: number;
  /** The certificate that clients have to trust, in PEM. */
  readonly caCert: string;
  /** How many messages have come to be echoed. */
  received = 0;

  readonly #plain;
  readonly #tls;
  readonly #faults: unknown[] = [];
  /** Handlers and bodies that were begun for clients that leave, and those that have noticed. */
  #left = { begun: 0, noticed: 0 };

  private constructor({ ca, ...certificate }: { ca: string; cert: string; key: string }) {
    const shared = {
      hostname: "127.0.0.1",
      port: 0,
      onListen() {},
      onError: (fault: unknown) => {
        this.#faults.push(fault);
        return new Response(null, { status: 500 });
      },
    };
    const handle = (request: Request) => this.#handle(request);
    const limits = { maxConnections: TLS_PLACES, handshakeTimeout: TLS_HANDSHAKE_TIMEOUT };
    this.#plain = serve({ ...shared, handshakeTimeout: PATIENCE, maxConnections: 20_000 }, handle);
    this.#tls = serve({ ...shared, ...certificate, ...limits }, handle);
    this.port = (this.#plain.addr as Deno.NetAddr).port;
    this.tlsPort = (this.#tls.addr as Deno.NetAddr).port;
    this.caCert = ca;
  }

  /** Starts it. */
  static async start(): Promise<SoakServer> {
    return new SoakServer(await makeCertificate({ hostnames: ["localhost"] }));
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#plain.connections.size + this.#tls.connections.size;
  }

  /** Ends all connections. */
  async shutdown(): Promise<void> {
    await Promise.all([this.#plain.shutdown(), this.#tls.shutdown()]);
  }

  /** What went wrong here. */
  failures(): string[] {
    const failures: string[] = [];
    const [first] = this.#faults;
    if (this.#faults.length > 0) failures.push(`the server met ${this.#faults.length} faults, the first: ${first}`);
    const { begun, noticed } = this.#left;
    if (noticed < begun) failures.push(`of ${begun} clients that left, ${begun - noticed} were not noticed`);
    return failures;
  }

  #handle(request: Request): Response | Promise<Response> {
    switch (new URL(request.url).pathname) {
      case "/large":
        return this.#sendLarge(request);
      case "/wait":
        return this.#wait(request);
      case "/body":
        return this.#endlessBody();
      default:
        return this.#echo(request);
    }
  }

  #echo(request: Request): Response {
    const ws = makeServer(request, {
      perMessageDeflate: true,
      closeTimeout: PATIENCE,
      pingInterval: 15_000,
      pingTimeout: PATIENCE,
    });
    ws.on("message", (message) => {
      this.received++;
      ws.send(message);
    });
    ws.startConnection();
    return ws.response;
  }

  /**
   * Sends a message of as many bytes as each message of the client says. The heartbeat is on, and waits for longer than
   * the slowest reader takes for what the system's buffers hold.
   */
  #sendLarge(request: Request): Response {
    const ws = makeServer(request, { pingInterval: 5000, pingTimeout: 20_000, closeTimeout: PATIENCE });
    ws.on("error", (error) => this.#faults.push(`to a slow reader: ${error}`));
    ws.on("message", (message) => void this.#send(Number(message), (whole) => ws.send(whole), ws));
    ws.startConnection();
    return ws.response;
  }

  /** Every second message goes out whole, the others in chunks. */
  async #send(
    length: number,
    sendWhole: (message: Uint8Array) => unknown,
    ws: { sendStream(chunks: Iterable<Uint8Array>): Promise<void> },
  ): Promise<void> {
    if (length % 2 === 0) {
      const message = new Uint8Array(length);
      for (let at = 0; at < length; at += NOISE.length) message.set(NOISE.subarray(0, length - at), at);
      sendWhole(message);
      return;
    }
    // A client that is stopped at the end of the soak is no fault.
    await ws.sendStream(chunksOf(length)).catch(() => {});
  }

  /** A handler that never answers by itself. */
  async #wait(request: Request): Promise<Response> {
    this.#left.begun++;
    const { promise, resolve } = Promise.withResolvers<void>();
    request.signal.addEventListener("abort", () => resolve());
    await promise;
    this.#left.noticed++;
    return new Response();
  }

  #endlessBody(): Response {
    this.#left.begun++;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(NOISE.subarray(0, 1000)),
      cancel: () => void this.#left.noticed++,
    });
    return new Response(body);
  }
}

function* chunksOf(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= NOISE.length) yield NOISE.subarray(0, Math.min(left, NOISE.length));
}
