import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { generateKey } from "../handshake/accept_key.ts";
import { checkResponse, formatRequestHead, isInterimResponse } from "../handshake/client_handshake.ts";
import type { Field } from "../http/format_head.ts";
import type { HeadFields } from "../http/head_fields.ts";
import { HeadError } from "../http/head_error.ts";
import { type ExtensionOffer, formatExtensions } from "../handshake/extension_list.ts";
import { type ResponseHead, ResponseHeadParser } from "../http/response_head_parser.ts";
import { sha1 } from "../connection/deno_platform.ts";
import type { Transport } from "../transport/transport.ts";
import { readBody } from "./response_body.ts";
import type { Target } from "./target.ts";

/** How many 1xx responses may come before the one that counts. */
const MAX_INTERIM = 16;

/** What a client asks for in its handshake. */
export interface OpenHandshakeOptions {
  /** The subprotocols to offer, the preferred first. */
  readonly protocols: readonly string[];
  /** The extensions to offer, the preferred first. */
  readonly offers: readonly ExtensionOffer[];
  /** The caller's own header fields. */
  readonly fields: Iterable<Field>;
}

/** What came of a handshake. */
export interface OpenedHandshake {
  /** The subprotocol that the server chose, null for none. */
  readonly protocol: string | null;
  /** The extensions that the server agreed to. */
  readonly extensions: ExtensionOffer[];
  /** The header fields of the server's answer. */
  readonly fields: HeadFields;
  /** Bytes that came behind the server's answer. */
  readonly early: Uint8Array;
}

/**
 * Opens a WebSocket connection from the client's side, RFC 6455 §4.1: sends the request and checks the answer.
 *
 * @param transport The connection to the server.
 * @param target What is asked for there.
 * @param options What to ask for.
 * @returns What was agreed on.
 * @throws {HandshakeError} Where the server refuses, breaks a rule, or ends the connection.
 * @throws {TypeError} Where a header field can't be sent.
 */
export async function openHandshake(
  transport: Transport,
  target: Target,
  options: OpenHandshakeOptions,
): Promise<OpenedHandshake> {
  const { protocols, offers } = options;
  const key = generateKey();
  const fields = [...options.fields];
  if (target.authorization !== null && !fields.some(([name]) => name.toLowerCase() === "authorization")) {
    fields.push(["Authorization", target.authorization]);
  }
  const extensions = formatExtensions(offers);
  const request = { target: target.resource, host: target.host, key, protocols, extensions, fields };
  await writeHead(transport, formatRequestHead(request));
  const { head, early } = await readResponse(transport);
  const answer = checkResponse(head, { key, protocols, extensions: offers.map(({ name }) => name), sha1 });
  if (answer.accepted) return { protocol: answer.protocol, extensions: answer.extensions, fields: head.fields, early };
  throw new HandshakeError(`${answer.violation}, from ${target.url.href}`, {
    status: head.status,
    headers: new Headers([...head.fields]),
    body: head.status === 101 ? new Uint8Array(0) : await readBody(transport, head, early),
  });
}

async function writeHead(transport: Transport, head: Uint8Array): Promise<void> {
  try {
    await transport.write(head);
  } catch (cause) {
    throw lost(cause);
  }
}

function lost(cause: unknown): HandshakeError {
  return new HandshakeError("Cannot open the connection: it was lost before the server's answer", {
    code: ErrorCode.CONNECTION_LOST,
    cause,
  });
}

/** Reads the head of the response, past those that are only preliminary (RFC 9110 §15.2). */
async function readResponse(transport: Transport): Promise<{ head: ResponseHead; early: Uint8Array }> {
  let early: Uint8Array = new Uint8Array(0);
  for (let count = 0; count <= MAX_INTERIM; count++) {
    const response = await readHead(transport, early);
    if (!isInterimResponse(response.head)) return response;
    early = response.early;
  }
  throw new HandshakeError(`Cannot open the connection: received more than ${MAX_INTERIM} responses of 1xx`);
}

async function readHead(transport: Transport, early: Uint8Array): Promise<{ head: ResponseHead; early: Uint8Array }> {
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
    if (cause instanceof HeadError) throw new HandshakeError(cause.message, { cause });
    throw lost(cause);
  }
  throw new HandshakeError("Cannot open the connection: the server ended it before its answer was whole", {
    code: ErrorCode.CONNECTION_LOST,
  });
}
