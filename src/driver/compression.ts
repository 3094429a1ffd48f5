import {
  answerOffers,
  checkAnswer,
  type DeflateAgreement,
  type DeflateAnswer,
  makeOffers,
} from "../deflate/negotiation.ts";
import { sharedEngine } from "../deflate/engine.ts";
import type { DeflateSettings } from "../deflate/options.ts";
import { PerMessageDeflate } from "../deflate/per_message_deflate.ts";
import { type ExtensionOffer, formatExtensions } from "../handshake/extension_list.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { MessageExtension } from "../protocol/extension.ts";
import type { Role } from "../protocol/protocol_options.ts";

/** The extensions that a connection is opened with. */
export interface NegotiatedExtensions {
  /** What was agreed on, as in the response's `Sec-WebSocket-Extensions`; empty if there is nothing. */
  readonly extensions: string;
  /** What messages go through, null if there is nothing. */
  readonly extension: MessageExtension | null;
}

/** No extension. */
export const NO_EXTENSIONS: NegotiatedExtensions = { extensions: "", extension: null };

/**
 * Chooses among a client's offers, for a server.
 *
 * @param offers What the client offers.
 * @param settings What the server wants, null for no compression.
 * @returns What goes into the response, and what messages go through.
 */
export function agreeAsServer(
  offers: readonly ExtensionOffer[],
  settings: DeflateSettings | null,
): NegotiatedExtensions {
  const answer: DeflateAnswer | null = settings === null ? null : answerOffers(offers, settings);
  if (settings === null || answer === null) return NO_EXTENSIONS;
  return { extensions: formatExtensions([answer.response]), extension: make("server", answer.agreement, settings) };
}

/**
 * Composes what a client offers.
 *
 * @param settings What the client wants, null for no compression.
 * @returns The offers, none if nothing is wanted.
 */
export function offerAsClient(settings: DeflateSettings | null): ExtensionOffer[] {
  return settings === null ? [] : makeOffers(settings);
}

/**
 * Checks what the server agreed to against what was offered, for a client.
 *
 * @param agreed What the server agreed to.
 * @param settings What the client wants, null for no compression.
 * @returns What was agreed on, and what messages go through.
 * @throws {HandshakeError} If the response doesn't answer what was offered.
 */
export function agreeAsClient(
  agreed: readonly ExtensionOffer[],
  settings: DeflateSettings | null,
): NegotiatedExtensions {
  if (settings === null) return NO_EXTENSIONS;
  const agreement = checkResponse(agreed, makeOffers(settings));
  if (agreement === null) return NO_EXTENSIONS;
  return { extensions: formatExtensions(agreed), extension: make("client", agreement, settings) };
}

function checkResponse(agreed: readonly ExtensionOffer[], offers: ExtensionOffer[]): DeflateAgreement | null {
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
