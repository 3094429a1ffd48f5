import { sharedEngine } from "../deflate/engine.ts";
import {
  answerOffers,
  checkAnswer,
  type DeflateAgreement,
  type DeflateAnswer,
  makeOffers,
} from "../deflate/negotiation.ts";
import type { DeflateSettings } from "../deflate/options.ts";
import { PerMessageDeflate } from "../deflate/per_message_deflate.ts";
import { type ExtensionOffer, formatExtensions } from "../handshake/extension_list.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { MessageExtension } from "../protocol/extension.ts";
import type { Role } from "../protocol/protocol_options.ts";

/** The extensions that a connection uses. */
export interface NegotiatedExtensions {
  /** The negotiated extensions, as in the response's `Sec-WebSocket-Extensions`; empty if there are none. */
  readonly extensions: string;
  /** The extension that processes messages, null if there is none. */
  readonly extension: MessageExtension | null;
}

/** No extension. */
export const NO_EXTENSIONS: NegotiatedExtensions = { extensions: "", extension: null };

/**
 * Chooses among a client's offers, for a server.
 *
 * @param offers The client's offers.
 * @param settings The server's settings, null for no compression.
 * @returns The extensions for the response, and the one that processes messages.
 */
export function negotiateAsServer(
  offers: readonly ExtensionOffer[],
  settings: DeflateSettings | null,
): NegotiatedExtensions {
  const answer: DeflateAnswer | null = settings === null ? null : answerOffers(offers, settings);
  if (settings === null || answer === null) return NO_EXTENSIONS;
  return { extensions: formatExtensions([answer.response]), extension: make("server", answer.agreement, settings) };
}

/**
 * Composes a client's offers.
 *
 * @param settings The client's settings, null for no compression.
 * @returns The offers, none without compression.
 */
export function offerExtensions(settings: DeflateSettings | null): ExtensionOffer[] {
  return settings === null ? [] : makeOffers(settings);
}

/**
 * Checks the server's response against the offers, for a client.
 *
 * @param agreed The extensions in the response.
 * @param settings The client's settings, null for no compression.
 * @returns The negotiated extensions, and the one that processes messages.
 * @throws {HandshakeError} If the response doesn't fit the offers.
 */
export function negotiateAsClient(
  agreed: readonly ExtensionOffer[],
  settings: DeflateSettings | null,
): NegotiatedExtensions {
  if (settings === null) return NO_EXTENSIONS;
  const agreement = agreementIn(agreed, makeOffers(settings));
  if (agreement === null) return NO_EXTENSIONS;
  return { extensions: formatExtensions(agreed), extension: make("client", agreement, settings) };
}

function agreementIn(agreed: readonly ExtensionOffer[], offers: ExtensionOffer[]): DeflateAgreement | null {
  try {
    return checkAnswer(agreed, offers);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new HandshakeError(error.message, { status: 101 });
  }
}

function make(role: Role, agreement: DeflateAgreement, settings: DeflateSettings): MessageExtension {
  return new PerMessageDeflate({ role, agreement, settings, engine: sharedEngine });
}
