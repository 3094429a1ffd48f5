import { checkInteger } from "../check_integer.ts";
import type { ServeOptions } from "./serve_options.ts";

/** The options for where and how to listen. */
export type ListenOptions = Pick<ServeOptions, "port" | "hostname" | "path" | "cert" | "key" | "reusePort">;

/** A listener, and the origin of its requests. */
export interface Listening {
  /** The listener. */
  readonly listener: Deno.Listener;
  /** The scheme and the authority for requests that name none. */
  readonly origin: URL;
}

/**
 * Starts listening on a port or a Unix socket, with TLS if there is a certificate.
 *
 * @param options Where and how to listen.
 * @returns The listener.
 * @throws {TypeError} If options contradict each other, or one is of the wrong type.
 * @throws {RangeError} If the port is out of range.
 * @throws {Deno.errors.AddrInUse} If the address is in use.
 */
export function listen(options: ListenOptions): Listening {
  checkListenOptions(options);
  const { hostname = "0.0.0.0", path, cert, key, reusePort = false } = options;
  const port = checkInteger(options, "port", 8000, 0, 65_535);
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
      `Cannot listen on ${path ?? `${hostname}, port ${port}`}: it is in use. Stop the program that uses it, or ` +
        (path === undefined ? "choose another port, 0 for any that is free" : "remove the socket that it left behind"),
      { cause },
    );
  }
}

function checkListenOptions({ port, hostname, path, cert, key, reusePort }: ListenOptions): void {
  if ((cert === undefined) !== (key === undefined)) {
    const given = cert === undefined ? "key" : "cert";
    throw new TypeError(`Cannot listen with TLS: cert and key must be given together, received only ${given}`);
  }
  if (path !== undefined && (port !== undefined || hostname !== undefined || cert !== undefined)) {
    throw new TypeError(
      "Cannot listen on a Unix socket: path can't be combined with port, hostname, cert or key, received one of them too",
    );
  }
  // Deno would end the process. An API that exists only with the flag shows whether it was given.
  if (reusePort && !("listenDatagram" in Deno)) {
    throw new TypeError("Cannot listen with reusePort: run Deno with the flag --unstable-net");
  }
}

function originOf(scheme: string, { hostname, port }: Deno.NetAddr): URL {
  return new URL(`${scheme}://${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`);
}
