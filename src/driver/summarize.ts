/** What {@linkcode summarize} shows of a driver. */
export interface Summarized {
  /** The state of the connection. */
  readonly readyState: string;
  /** The address, if it is known. */
  readonly url?: string;
  /** Who is at the other end, if that is known. */
  readonly remoteAddr?: Deno.Addr | null;
  /** The subprotocol. */
  readonly protocol: string | null;
  /** The extensions. */
  readonly extensions: string;
  /** The bytes that wait to be written. */
  readonly bufferedAmount: number;
}

/**
 * Tells in one line where a connection stands, for logs and `console.log`.
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
 * Has `console.log(ws)` show one line: where the driver stands, with whom, and what waits.
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
