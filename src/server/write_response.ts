import { type Field, formatResponseHead } from "../handshake/format_head.ts";
import type { Transport } from "../transport/transport.ts";

/** Header fields that this server decides on, whatever the response says. */
const OWN = new Set(["connection", "transfer-encoding", "keep-alive", "upgrade"]);

/** The statuses whose responses never have a body, RFC 9110 §6.4.1. */
const BODILESS = new Set([204, 205, 304]);

/** How much of what the client still sends is read, in bytes, so that its end is no reset. */
const MAX_DRAINED = 256 * 1024;

/**
 * Writes a response that is no upgrade, and ends the writing side: one request a connection, RFC 9112 §9.6.
 *
 * @param transport Where to.
 * @param response The response.
 * @param method The request's method: the answer to a HEAD has no body.
 * @param onWritten Called when the response is written, and only the client's end is awaited.
 * @returns A promise that settles when the client has ended its side too, or has sent much more.
 */
export async function writeResponse(
  transport: Transport,
  response: Response,
  method = "GET",
  onWritten: () => void = () => {},
): Promise<void> {
  const { status, headers, body } = response;
  const fields: Field[] = [...headers].filter(([name]) => !OWN.has(name));
  if (status === 426) fields.push(["Connection", "Upgrade, close"], ["Upgrade", headers.get("upgrade") ?? "websocket"]);
  else fields.push(["Connection", "close"]);
  if (!headers.has("date")) fields.push(dateField());
  await transport.write(formatResponseHead(status, fields));
  if (body !== null && method !== "HEAD" && !BODILESS.has(status)) {
    for await (const chunk of body) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError("Cannot write a body whose chunks are no bytes");
      await transport.write(chunk);
    }
  } else {
    await body?.cancel();
  }
  await transport.closeWrite();
  onWritten();
  const buffer = new Uint8Array(4096);
  for (let drained = 0; drained < MAX_DRAINED;) {
    const count = await transport.read(buffer);
    if (count === null) return;
    drained += count;
  }
}

/**
 * The time, for a response. RFC 9110 §6.6.1: "An origin server with a clock MUST generate a Date header field in all 2xx
 * (Successful), 3xx (Redirection), and 4xx (Client Error) responses".
 *
 * @returns The field.
 */
export function dateField(): Field {
  return ["Date", new Date().toUTCString()];
}
