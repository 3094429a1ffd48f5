import { generateKey } from "../handshake/accept_key.ts";
import { checkResponse, formatRequestHead } from "../handshake/client_handshake.ts";
import { type ExtensionOffer, formatExtensions } from "../handshake/extension_list.ts";
import { sha1 } from "../handshake/sha1.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { Field } from "../http/format_head.ts";
import type { HeadFields } from "../http/head_fields.ts";
import type { ResponseHead } from "../http/response_head_parser.ts";
import type { Transport } from "../transport/transport.ts";
import { describeResponse } from "./describe_response.ts";
import { lostBeforeResponse, readResponse } from "./read_response.ts";
import { readBody } from "./response_body.ts";
import type { Target } from "./target.ts";

/** The options of {@linkcode openHandshake}. */
export interface OpenHandshakeOptions {
  /** The subprotocols to offer, in order of preference. */
  readonly protocols: readonly string[];
  /** The extensions to offer, in order of preference. */
  readonly offers: readonly ExtensionOffer[];
  /** The caller's own header fields. */
  readonly fields: Iterable<Field>;
  /** Whether to fail if the server picks none of the subprotocols. */
  readonly requireProtocol: boolean;
}

/** The result of a handshake. */
export interface OpenedHandshake {
  /** The subprotocol that the server chose, null for none. */
  readonly protocol: string | null;
  /** The extensions that the server accepted. */
  readonly extensions: ExtensionOffer[];
  /** The header fields of the server's response. */
  readonly fields: HeadFields;
  /** Bytes that followed the server's response. */
  readonly early: Uint8Array;
}

/**
 * Opens a WebSocket connection from the client's side, RFC 6455 §4.1: sends the request and checks the response.
 *
 * @param transport The connection to the server.
 * @param target The requested resource.
 * @param options What to offer.
 * @returns The result.
 * @throws {HandshakeError} If the server refuses, breaks a rule, or ends the connection.
 * @throws {TypeError} If a header field can't be sent.
 */
export async function openHandshake(
  transport: Transport,
  target: Target,
  options: OpenHandshakeOptions,
): Promise<OpenedHandshake> {
  const { protocols, offers, requireProtocol } = options;
  const key = generateKey();
  const fields = [...options.fields];
  if (target.authorization !== null && !fields.some(([name]) => name.toLowerCase() === "authorization")) {
    fields.push(["Authorization", target.authorization]);
  }
  const extensions = formatExtensions(offers);
  const request = { target: target.resource, host: target.host, key, protocols, extensions, fields };
  await sendHead(transport, formatRequestHead(request));
  const { head, early } = await readResponse(transport, "the server");
  if (head.status !== 101) throw await refusalOf(transport, target, head, early);
  const expected = { key, protocols, extensions: offers.map(({ name }) => name), sha1, requireProtocol };
  const answer = checkResponse(head, expected);
  if (answer.accepted) return { protocol: answer.protocol, extensions: answer.extensions, fields: head.fields, early };
  throw new HandshakeError(`${answer.violation}, from ${target.url.href}`, {
    status: head.status,
    headers: new Headers([...head.fields]),
  });
}

async function sendHead(transport: Transport, head: Uint8Array): Promise<void> {
  try {
    await transport.write(head);
  } catch (cause) {
    throw lostBeforeResponse("the server", cause);
  }
}

async function refusalOf(
  transport: Transport,
  { url }: Target,
  head: ResponseHead,
  early: Uint8Array,
): Promise<HandshakeError> {
  const body = await readBody(transport, head, early);
  return new HandshakeError(`The server refused the WebSocket with ${describeResponse(head, body)} (${url.href})`, {
    status: head.status,
    headers: new Headers([...head.fields]),
    body,
  });
}
