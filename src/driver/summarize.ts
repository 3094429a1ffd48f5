/** The properties of a driver that {@linkcode summarize} shows. */
export interface Summarized {
  /** The state of the connection. */
  readonly readyState: string;
  /** The address, if it is known. */
  readonly url?: string;
  /** The peer's address, if it is known. */
  readonly remoteAddr?: Deno.Addr | null;
  /** The subprotocol. */
  readonly protocol: string | null;
  /** The extensions. */
  readonly extensions: string;
  /** How many bytes are queued. */
  readonly bufferedAmount: number;
}

/**
 * Summarizes a connection in one line, for logs and `console.log`.
 *
 * @param name The name of its class.
 * @param ws The driver.
 * @returns The line.
 */
export function summarize(name: string, ws: Summarized): string {
  const { remoteAddr, protocol, extensions, bufferedAmount } = ws;
  const parts = [ws.readyState];
  if (ws.url !== undefined) parts.push(ws.url);
  if (remoteAddr && "hostname" in remoteAddr) parts.push(`peer ${remoteAddr.hostname}:${remoteAddr.port}`);
  if (protocol !== null) parts.push(`protocol ${JSON.stringify(protocol)}`);
  if (extensions !== "") parts.push(extensions);
  parts.push(`${bufferedAmount} bytes waiting`);
  return `${name} { ${parts.join(", ")} }`;
}

/**
 * Makes `console.log(ws)` show one line: the state, the peer, and how much is queued.
 *
 * @param prototype The prototype of drivers.
 */
export function showSummary(prototype: Summarized): void {
  for (const symbol of [Symbol.for("Deno.customInspect"), Symbol.for("nodejs.util.inspect.custom")]) {
    Object.defineProperty(prototype, symbol, {
      value(this: Summarized): string {
        return summarize(this.constructor.name, this);
      },
    });
  }
}
