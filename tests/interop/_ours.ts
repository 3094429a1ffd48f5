import { makeClient, makeServer, serve, type ServeHandler, type WebSocketListener } from "@wsd/driver";
import type { Certificate } from "../support/certificate.ts";
import type { ClientPeer } from "./_peers.ts";
import { begin, REPLY_HEADERS } from "./peers/contract.mjs";

/** A server, for those who connect to it. */
export interface Target {
  readonly plain: string;
  readonly secure: string;
  /** Which checks it can't do, and why. */
  readonly limits: Record<string, string>;
  /** True if it can close only with 1000 and 3000 to 4999, like the standard's `WebSocket`. */
  readonly standardCodes?: boolean;
}

const PEERS = new URL("peers/", import.meta.url);

/** Our server's side of the contract that all servers here keep; beside it, the page that runs the checks. */
export const handler: ServeHandler = async (request) => {
  const { pathname, search } = new URL(request.url);
  if (request.headers.get("upgrade") === null) return await file(pathname);
  const ws = makeServer(request, {
    acceptProtocols: ["chat"],
    additionalHeaders: REPLY_HEADERS,
    perMessageDeflate: { threshold: 0 },
    pingInterval: 0,
  });
  let end: (code: number, reason: string) => void;
  ws.on("message", (message) => ws.send(message));
  ws.on("open", () => {
    end = begin(pathname + search, (name: string) => request.headers.get(name), {
      send: (message: string) => ws.send(message),
      close: (code: number, reason: string) => ws.closeConnection(reason, code),
      ping: (onPong: () => void) => ws.sendPing("Are you there?", onPong),
      sendFragments: (parts: string[]) => void ws.sendStream(parts),
    });
  });
  ws.on("close", ({ code, reason }) => end?.(code, reason));
  ws.startConnection();
  return ws.response;
};

async function file(path: string): Promise<Response> {
  if (path === "/page") {
    const html = '<!doctype html><title>Checks</title><script type="module" src="page.mjs"></script>';
    return new Response(html, { headers: { "content-type": "text/html" } });
  }
  if (path !== "/page.mjs" && path !== "/checks.mjs") return new Response("Nothing is here\n", { status: 404 });
  const source = await Deno.readTextFile(new URL(path.slice(1), PEERS));
  return new Response(source, { headers: { "content-type": "text/javascript" } });
}

/** Our server, without and with TLS. */
export class OurServer implements AsyncDisposable {
  readonly #servers: readonly [plain: WebSocketListener, secure: WebSocketListener];
  readonly target: Target;

  constructor({ cert, key }: Certificate) {
    const options = { port: 0, hostname: "127.0.0.1", onListen() {} };
    this.#servers = [serve(options, handler), serve({ ...options, cert, key }, handler)];
    const [plain, secure] = this.#servers.map(({ addr }) => (addr as Deno.NetAddr).port);
    this.target = { plain: `ws://localhost:${plain}`, secure: `wss://localhost:${secure}`, limits: {} };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.shutdown()));
  }
}

interface Options {
  protocols?: string[];
  headers?: Record<string, string>;
  compress?: boolean;
}

/** Our client, in the shape of the standard's `WebSocket` as far as the checks need it. */
export function ourClient(ca: string): ClientPeer {
  return {
    open(url: string, { protocols, headers, compress }: Options) {
      const ws = makeClient(url, {
        acceptProtocols: protocols,
        additionalHeaders: headers,
        caCerts: [ca],
        perMessageDeflate: compress && { threshold: 0 },
      });
      const face = {
        onopen: (_: object) => {},
        onmessage: (_: { data: string | Uint8Array }) => {},
        onerror: (_: Error) => {},
        onclose: (_: { code: number; reason: string }) => {},
        send: (message: string | Uint8Array) => ws.send(message),
        close: (code: number, reason: string) => ws.closeConnection(reason, code),
        ping: (onPong: () => void) => ws.sendPing("Are you there?", onPong),
        sendStream: (parts: string[]) => ws.sendStream(parts),
        get protocol() {
          return ws.protocol;
        },
        get extensions() {
          return ws.extensions;
        },
      };
      ws.on("open", () => face.onopen({}));
      ws.on("message", (data) => face.onmessage({ data }));
      ws.on("error", (error) => face.onerror(error));
      ws.on("close", (end) => face.onclose(end));
      void ws.startConnection();
      return face;
    },
    ping: (face: { ping(onPong: () => void): void }) => new Promise<void>((resolve) => face.ping(resolve)),
    sendFragments: (face: { sendStream(parts: string[]): void }, parts: string[]) => face.sendStream(parts),
  };
}
