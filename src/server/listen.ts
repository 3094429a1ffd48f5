import type { ServeOptions } from "./serve_options.ts";

/** A listener, and what it means for the URLs of requests. */
export interface Listening {
  /** The listener. */
  readonly listener: Deno.Listener;
  /** The scheme and the authority of a request that names none. */
  readonly origin: URL;
}

/**
 * Begins to listen: on a port or a Unix socket, with TLS where there is a certificate.
 *
 * @param options Where and how.
 * @returns The listener.
 * @throws {TypeError} Where options contradict each other.
 * @throws {Deno.errors.AddrInUse} Where somebody listens there already.
 */
export function listen(options: ServeOptions<never>): Listening {
  const { port = 8000, hostname = "0.0.0.0", path, cert, key, reusePort = false } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError(`Cannot take cert and key but together: received only ${cert === undefined ? "key" : "cert"}`);
  }
  if (path !== undefined && (options.port !== undefined || options.hostname !== undefined || cert !== undefined)) {
    throw new TypeError(
      "Cannot listen on a Unix socket with port, hostname, cert or key: received path with one of them",
    );
  }
  // Deno would end the process. What is there only with the flag tells whether it was given.
  if (reusePort && !("listenDatagram" in Deno)) {
    throw new TypeError("Cannot listen with reusePort without the flag --unstable-net, which the runtime wants for it");
  }
  try {
    if (path !== undefined) {
      return { listener: Deno.listen({ transport: "unix", path }), origin: new URL("http://localhost") };
    }
    if (cert === undefined || key === undefined) {
      const listener = Deno.listen({ port, hostname, reusePort });
      return { listener, origin: originOf("http", listener.addr) };
    }
    const listener = Deno.listenTls({ port, hostname, cert, key, alpnProtocols: ["http/1.1"], reusePort });
    return { listener, origin: originOf("https", listener.addr) };
  } catch (cause) {
    if (!(cause instanceof Deno.errors.AddrInUse)) throw cause;
    throw new Deno.errors.AddrInUse(
      `Cannot listen on ${path ?? `${hostname}, port ${port}`} as it is in use: stop the program that uses it, or ` +
        (path === undefined ? "choose another port, 0 for any that is free" : "remove the socket that it has left"),
      { cause },
    );
  }
}

function originOf(scheme: string, { hostname, port }: Deno.NetAddr): URL {
  return new URL(`${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`);
}
