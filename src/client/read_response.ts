import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { isInterimResponse } from "../handshake/client_handshake.ts";
import { HeadError } from "../http/head_error.ts";
import { type ResponseHead, ResponseHeadParser } from "../http/response_head_parser.ts";
import type { Transport } from "../transport/transport.ts";

/** How many 1xx responses may precede the final one. */
const MAX_INTERIM = 16;

/** A response, as far as it has been read. */
export interface ReceivedResponse {
  /** Its head. */
  readonly head: ResponseHead;
  /** Bytes that followed it. */
  readonly early: Uint8Array;
}

/**
 * Reads the head of the final response, after any interim ones (RFC 9110 §15.2).
 *
 * @param transport The connection.
 * @param who The sender, for messages: `"the server"`.
 * @returns The head, and the bytes after it.
 * @throws {HandshakeError} If the head is malformed or too long, or the connection ends before it is complete.
 */
export async function readResponse(transport: Transport, who: string): Promise<ReceivedResponse> {
  let early: Uint8Array = new Uint8Array(0);
  for (let count = 0; count <= MAX_INTERIM; count++) {
    const response = await readHead(transport, early, who);
    if (!isInterimResponse(response.head)) return response;
    early = response.early;
  }
  throw new HandshakeError(
    `Cannot open the connection: received more than ${MAX_INTERIM} responses of 1xx from ${who}`,
  );
}

/**
 * Creates the error for a connection that fails before the response.
 *
 * @param who The sender of the response.
 * @param cause The transport's error.
 * @returns The error.
 */
export function lostBeforeResponse(who: string, cause: unknown): HandshakeError {
  return new HandshakeError(`Cannot open the connection: it was lost before the response of ${who}`, {
    code: ErrorCode.CONNECTION_LOST,
    cause,
  });
}

async function readHead(transport: Transport, early: Uint8Array, who: string): Promise<ReceivedResponse> {
  const parser = new ResponseHeadParser();
  const buffer = new Uint8Array(4096);
  let received = early;
  try {
    for (;;) {
      const taken = parser.push(received);
      if (parser.done) return { head: parser.head, early: received.slice(taken) };
      const count = await transport.read(buffer);
      if (count === null) break;
      received = buffer.subarray(0, count);
    }
  } catch (cause) {
    if (cause instanceof HeadError) throw new HandshakeError(cause.message + adviceFor(buffer), { cause });
    throw lostBeforeResponse(who, cause);
  }
  throw new HandshakeError(`Cannot open the connection: ${who} ended it before its response was complete`, {
    code: ErrorCode.CONNECTION_LOST,
  });
}

/** RFC 8446 §5.1: a TLS alert begins with its type and the version, and HTTP never does. */
function adviceFor([type, version]: Uint8Array): string {
  return type === 0x15 && version === 0x03 ? " (TLS is spoken on this port: try wss:)" : "";
}
