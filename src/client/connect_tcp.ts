/**
 * Connects by TCP, with Nagle's algorithm turned off: it delays the second of two writes, and a `Deno.TlsConn` has no
 * way to do that later.
 *
 * @param where The hostname or address, and the port.
 * @param signal Stops it.
 * @returns The connection.
 * @throws The signal's reason if it aborts first, otherwise the error of `Deno.connect`.
 */
export async function connectTcp(
  { hostname, port }: { hostname: string; port: number },
  signal: AbortSignal,
): Promise<Deno.TcpConn> {
  try {
    const conn = await Deno.connect({ hostname, port, signal });
    // Deno.connect may have connected when the signal comes, and then doesn't notice it.
    if (signal.aborted) conn.close();
    signal.throwIfAborted();
    conn.setNoDelay(true);
    return conn;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
}
