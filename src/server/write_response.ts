import { type Field, formatResponseHead } from "../http/format_head.ts";
import type { HttpSocket } from "./http_socket.ts";

/** Header fields that this server sets, whatever the response says. */
const OWN = new Set(["connection", "transfer-encoding", "keep-alive", "upgrade"]);

/** The statuses whose responses never have a body, RFC 9110 §6.4.1. */
const BODILESS = new Set([204, 205, 304]);

const encoder = new TextEncoder();

/** The parts of a request that its response depends on. */
export interface AnsweredRequest {
  /** The method: the response to a HEAD has no body. */
  readonly method: string;
  /** The HTTP version's numbers: chunks require 1.1. */
  readonly version: string;
}

/** The request to assume for a response that is sent before the request was read. */
const UNREAD: AnsweredRequest = { method: "GET", version: "1.0" };

/**
 * Writes a response other than an upgrade. It says that the connection ends after it: one request per connection, RFC
 * 9112 §9.6.
 *
 * @param socket The connection.
 * @param response The response. Its body is canceled if the client leaves.
 * @param request The request, as far as it was read.
 * @returns A promise that resolves when the response is written. Rejects if the connection or the body fails.
 */
export async function writeResponse(
  socket: HttpSocket,
  response: Response,
  request: AnsweredRequest = UNREAD,
): Promise<void> {
  const { status, headers, body } = response;
  const framing = framingFor(response, request);
  const fields: Field[] = [...headers].filter(([name]) => !OWN.has(name) && !framing.without.has(name));
  if (status === 426) fields.push(["Connection", "Upgrade, close"], ["Upgrade", headers.get("upgrade") ?? "websocket"]);
  else fields.push(["Connection", "close"]);
  if (!headers.has("date")) fields.push(dateField());
  try {
    await socket.send(formatResponseHead(status, [...fields, ...framing.fields]));
    if (body !== null && framing.hasContent) await writeBody(socket, body, framing.chunked);
  } finally {
    // Does nothing if the body was read to its end. Its rejection was already reported.
    body?.cancel().catch(() => {});
  }
}

/** How the end of a response's content is marked. */
interface Framing {
  readonly hasContent: boolean;
  readonly chunked: boolean;
  readonly fields: readonly Field[];
  /** Names of fields to remove from the response. */
  readonly without: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();
const LENGTH: ReadonlySet<string> = new Set(["content-length"]);

/**
 * RFC 9112 §6.3: "Since there is no way to distinguish a successfully completed, close-delimited response message from
 * a partially received message interrupted by network failure, a server SHOULD generate encoding or length-delimited
 * messages whenever possible." RFC 9110 §8.6: no Content-Length goes with a 204.
 */
function framingFor({ status, headers, body }: Response, { method, version }: AnsweredRequest): Framing {
  if (method === "HEAD" || BODILESS.has(status)) {
    const without = status === 204 || status === 205 ? LENGTH : NONE;
    return { hasContent: false, chunked: false, fields: [], without };
  }
  const given = headers.has("content-length");
  const chunked = body !== null && !given && version !== "1.0";
  const field: Field = chunked ? ["Transfer-Encoding", "chunked"] : ["Content-Length", "0"];
  return { hasContent: true, chunked, fields: chunked || (body === null && !given) ? [field] : [], without: NONE };
}

/**
 * RFC 9112 §7.1: `chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF`, and the last one is of size 0.
 *
 * If the client leaves, the chunks that the body has ready are still written, since the client may have ended only its
 * writing. A body that makes us wait is canceled.
 */
async function writeBody(socket: HttpSocket, body: ReadableStream<unknown>, chunked: boolean): Promise<void> {
  const reader = body.getReader();
  let state: "waiting" | "writing" | "cancelled" = "writing";
  let left = false;
  const cancelIfWaiting = () => {
    if (state !== "waiting") return;
    state = "cancelled";
    reader.cancel(new DOMException("The client has left", "AbortError")).catch(() => {});
  };
  socket.watch(() => {
    left = true;
    cancelIfWaiting();
  });
  try {
    for (;;) {
      state = "waiting";
      const timer = left ? setTimeout(cancelIfWaiting) : undefined;
      const { done, value } = await reader.read();
      clearTimeout(timer);
      if (done) break;
      state = "writing";
      await writeChunk(socket, value, chunked);
    }
  } finally {
    reader.releaseLock();
  }
  if (chunked && !isCancelled()) await socket.send(encoder.encode("0\r\n\r\n"));

  function isCancelled(): boolean {
    return state === "cancelled";
  }
}

async function writeChunk(socket: HttpSocket, chunk: unknown, chunked: boolean): Promise<void> {
  if (!(chunk instanceof Uint8Array)) {
    throw new TypeError(`Cannot write the response's body: its chunks must be Uint8Arrays, received a ${typeof chunk}`);
  }
  // A chunk of size 0 would be mistaken for the last one.
  if (chunk.length === 0) return;
  if (chunked) await socket.send(encoder.encode(`${chunk.length.toString(16)}\r\n`));
  await socket.send(chunk);
  if (chunked) await socket.send(encoder.encode("\r\n"));
}

/**
 * The current time, for a response. RFC 9110 §6.6.1: "An origin server with a clock MUST generate a Date header field
 * in all 2xx (Successful), 3xx (Redirection), and 4xx (Client Error) responses".
 *
 * @returns The field.
 */
export function dateField(): Field {
  return ["Date", new Date().toUTCString()];
}
