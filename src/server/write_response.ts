import { type Field, formatResponseHead } from "../http/format_head.ts";
import type { Transport } from "../transport/transport.ts";

/** Header fields that this server decides on, whatever the response says. */
const OWN = new Set(["connection", "transfer-encoding", "keep-alive", "upgrade"]);

/** The statuses whose responses never have a body, RFC 9110 §6.4.1. */
const BODILESS = new Set([204, 205, 304]);

const encoder = new TextEncoder();

/** What of a request its response depends on. */
export interface AnsweredRequest {
  /** The method: the answer to a HEAD has no body. */
  readonly method: string;
  /** The HTTP version's numbers: chunks are for 1.1. */
  readonly version: string;
}

const UNREAD: AnsweredRequest = { method: "GET", version: "1.0" };

/** How much of what the client still sends is read, in bytes, so that its end is no reset. */
const MAX_DRAINED = 256 * 1024;

/**
 * Writes a response that is no upgrade, and ends the writing side: one request a connection, RFC 9112 §9.6.
 *
 * @param transport Where to.
 * @param response The response.
 * @param request What is answered, as far as it was read.
 * @param onWritten Called when the response is written, and only the client's end is awaited.
 * @returns A promise that settles when the client has ended its side too, or has sent much more.
 */
export async function writeResponse(
  transport: Transport,
  response: Response,
  request: AnsweredRequest = UNREAD,
  onWritten: () => void = () => {},
): Promise<void> {
  const { status, headers, body } = response;
  const framing = framingFor(response, request);
  const fields: Field[] = [...headers].filter(([name]) => !OWN.has(name) && !framing.without.has(name));
  if (status === 426) fields.push(["Connection", "Upgrade, close"], ["Upgrade", headers.get("upgrade") ?? "websocket"]);
  else fields.push(["Connection", "close"]);
  if (!headers.has("date")) fields.push(dateField());
  await transport.write(formatResponseHead(status, [...fields, ...framing.fields]));
  if (body !== null && framing.hasContent) await writeBody(transport, body, framing.chunked);
  else await body?.cancel();
  await transport.closeWrite();
  onWritten();
  const buffer = new Uint8Array(4096);
  for (let drained = 0; drained < MAX_DRAINED;) {
    const count = await transport.read(buffer);
    if (count === null) return;
    drained += count;
  }
}

/** How the end of a response's content is told. */
interface Framing {
  readonly hasContent: boolean;
  readonly chunked: boolean;
  readonly fields: readonly Field[];
  /** Names of fields that the response has and must not have. */
  readonly without: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/**
 * RFC 9112 §6.3: "Since there is no way to distinguish a successfully completed, close-delimited response message from a
 * partially received message interrupted by network failure, a server SHOULD generate encoding or length-delimited
 * messages whenever possible." RFC 9110 §8.6: no Content-Length goes with a 204.
 */
function framingFor({ status, headers, body }: Response, { method, version }: AnsweredRequest): Framing {
  if (method === "HEAD" || BODILESS.has(status)) {
    const without = status === 204 || status === 205 ? LENGTH : NONE;
    return { hasContent: false, chunked: false, fields: [], without };
  }
  const told = headers.has("content-length");
  const chunked = body !== null && !told && version !== "1.0";
  const field: Field = chunked ? ["Transfer-Encoding", "chunked"] : ["Content-Length", "0"];
  return { hasContent: true, chunked, fields: chunked || (body === null && !told) ? [field] : [], without: NONE };
}

/** RFC 9112 §7.1: `chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF`, and the last one is of size 0. */
async function writeBody(transport: Transport, body: ReadableStream<unknown>, chunked: boolean): Promise<void> {
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) throw new TypeError("Cannot write a body whose chunks are no bytes");
    // One of size 0 would be taken for the last.
    if (chunk.length === 0) continue;
    if (chunked) await transport.write(encoder.encode(`${chunk.length.toString(16)}\r\n`));
    await transport.write(chunk);
    if (chunked) await transport.write(encoder.encode("\r\n"));
  }
  if (chunked) await transport.write(encoder.encode("0\r\n\r\n"));
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
