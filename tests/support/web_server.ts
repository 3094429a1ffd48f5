// Web servers for tests: `serve` of this package and `Deno.serve`, which record the exceptions of handlers.
import { serve, type ServeHandler, type ServeOptions, type WebSocketListener } from "../../server.ts";
import { RawPeer } from "./raw_peer.ts";

const WHERE = { hostname: "127.0.0.1", port: 0, onListen() {} };

/** A web server that is running. */
export interface WebServer<Kind = unknown> extends AsyncDisposable {
  readonly server: Kind;
  /** The exceptions of its handler and of listeners. */
  readonly faults: unknown[];
  readonly port: number;
  readonly url: string;
  connect(): Promise<RawPeer>;
}

/** Starts `serve`. */
export function startServe(handler: ServeHandler, options: ServeOptions = {}): WebServer<WebSocketListener> {
  const faults: unknown[] = [];
  return started(serve({ ...WHERE, onError: collect(faults), ...options }, handler), faults);
}

/** Starts `Deno.serve` with the same handler. */
export function startDenoServe(handler: ServeHandler): WebServer {
  const faults: unknown[] = [];
  return started(Deno.serve({ ...WHERE, onError: collect(faults) }, handler as Deno.ServeHandler), faults);
}

function collect(faults: unknown[]) {
  return (fault: unknown) => {
    faults.push(fault);
    return new Response("Fault\n", { status: 500 });
  };
}

function started<Kind extends { addr: Deno.Addr; shutdown(): Promise<void> }>(
  server: Kind,
  faults: unknown[],
): WebServer<Kind> {
  const { port } = server.addr as Deno.NetAddr;
  return {
    server,
    faults,
    port,
    url: `ws://127.0.0.1:${port}/`,
    connect: () => RawPeer.dial(port),
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
