import type { ExtensionOffer, ExtensionParameter } from "../handshake/extension_list.ts";
import { printable } from "../http/printable.ts";
import type { DeflateSettings } from "./options.ts";

/** The name of the extension, RFC 7692 §7. */
export const DEFLATE = "permessage-deflate";

/** The negotiated parameters, §7.1. */
export interface DeflateAgreement {
  /** Whether the server compresses each message separately. */
  readonly serverNoContextTakeover: boolean;
  /** Whether the client compresses each message separately. */
  readonly clientNoContextTakeover: boolean;
  /** The greatest window of the server's messages, as a power of two. */
  readonly serverMaxWindowBits: number;
  /** The greatest window of the client's messages, as a power of two. */
  readonly clientMaxWindowBits: number;
}

/** A server's response to an offer. */
export interface DeflateAnswer {
  /** The value for the response's `Sec-WebSocket-Extensions`. */
  readonly response: ExtensionOffer;
  /** The parameters it agrees to. */
  readonly agreement: DeflateAgreement;
}

/** The parameters of one offer or response. True means `client_max_window_bits` without a value. */
interface Parameters {
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  readonly serverMaxWindowBits: number | null;
  readonly clientMaxWindowBits: number | true | null;
}

const WINDOW_BITS = /^(?:[89]|1[0-5])$/;

/**
 * Reads the parameters; null if one is unknown, a duplicate, or has an invalid value. §7.1: "A server MUST decline an
 * extension negotiation offer for this extension if any of the following conditions are met", and a client fails the
 * connection in the same cases.
 */
function readParameters(parameters: readonly ExtensionParameter[], isOffer: boolean): Parameters | null {
  const values = new Map<string, string | null>();
  for (const { name, value } of parameters) {
    if (values.has(name) || !isValid(name, value, isOffer)) return null;
    values.set(name, value);
  }
  const bits = (name: string) => values.has(name) ? Number(values.get(name)) : null;
  return {
    serverNoContextTakeover: values.has("server_no_context_takeover"),
    clientNoContextTakeover: values.has("client_no_context_takeover"),
    serverMaxWindowBits: bits("server_max_window_bits"),
    clientMaxWindowBits: values.get("client_max_window_bits") === null ? true : bits("client_max_window_bits"),
  };
}

function isValid(name: string, value: string | null, isOffer: boolean): boolean {
  switch (name) {
    case "server_no_context_takeover":
    case "client_no_context_takeover":
      return value === null;
    case "server_max_window_bits":
      return value !== null && WINDOW_BITS.test(value);
    case "client_max_window_bits":
      // §7.1.2.2: only an offer may have it without a value.
      return value === null ? isOffer : WINDOW_BITS.test(value);
    default:
      return false;
  }
}

function write(parameters: Parameters): ExtensionOffer {
  const written: ExtensionParameter[] = [];
  if (parameters.serverNoContextTakeover) written.push({ name: "server_no_context_takeover", value: null });
  if (parameters.clientNoContextTakeover) written.push({ name: "client_no_context_takeover", value: null });
  if (parameters.serverMaxWindowBits !== null) {
    written.push({ name: "server_max_window_bits", value: String(parameters.serverMaxWindowBits) });
  }
  const { clientMaxWindowBits } = parameters;
  if (clientMaxWindowBits !== null) {
    const value = clientMaxWindowBits === true ? null : String(clientMaxWindowBits);
    written.push({ name: "client_max_window_bits", value });
  }
  return { name: DEFLATE, parameters: written };
}

/**
 * A peer whose compressor is zlib can't use a window of 256 bytes, and some then use 512 instead: so we never ask a
 * peer for less than 9. We honor what a peer asks of us, even 8.
 */
function askable(bits: number): number {
  return Math.max(bits, 9);
}

/**
 * Chooses among a client's offers, for a server. §7.1, and RFC 6455 §9.1: the offers "are listed in order of
 * preference".
 *
 * @param offers All extensions that the client offers.
 * @param settings The server's settings.
 * @returns The response to the first acceptable offer, null if there is none.
 */
export function answerOffers(offers: readonly ExtensionOffer[], settings: DeflateSettings): DeflateAnswer | null {
  for (const { name, parameters } of offers) {
    if (name !== DEFLATE) continue;
    const offer = readParameters(parameters, true);
    const answer = offer === null ? null : answerOffer(offer, settings);
    if (answer !== null) return answer;
  }
  return null;
}

function answerOffer(offer: Parameters, settings: DeflateSettings): DeflateAnswer | null {
  const wanted = settings.clientMaxWindowBits;
  // §7.1.2.2: without the parameter in the offer "the response MUST NOT include" it, so nothing would bind the client.
  if (wanted !== null && offer.clientMaxWindowBits === null) return null;
  const parameters: Parameters = {
    serverNoContextTakeover: offer.serverNoContextTakeover || settings.serverNoContextTakeover,
    // §7.1.1.2: the client only offers to do so; it decides for itself unless the server demands it.
    clientNoContextTakeover: offer.clientNoContextTakeover || settings.clientNoContextTakeover,
    serverMaxWindowBits: least(offer.serverMaxWindowBits, settings.serverMaxWindowBits),
    clientMaxWindowBits: clientWindow(offer.clientMaxWindowBits, wanted),
  };
  return { response: write(parameters), agreement: agreementOf(parameters) };
}

/** The client's window in the server's response: no greater than the offer's, §7.1.2.2; null to leave it out. */
function clientWindow(offered: number | true | null, wanted: number | null): number | null {
  if (wanted === null || offered === null) return null;
  const asked = askable(wanted);
  return offered === true ? asked : Math.min(offered, asked);
}

function least(a: number | null, b: number | null): number | null {
  return a === null ? b : b === null ? a : Math.min(a, b);
}

function agreementOf(response: Parameters): DeflateAgreement {
  return {
    serverNoContextTakeover: response.serverNoContextTakeover,
    clientNoContextTakeover: response.clientNoContextTakeover,
    serverMaxWindowBits: response.serverMaxWindowBits ?? 15,
    clientMaxWindowBits: response.clientMaxWindowBits === true ? 15 : response.clientMaxWindowBits ?? 15,
  };
}

/**
 * Composes a client's offers, in order of preference.
 *
 * @param settings The client's settings.
 * @returns One offer, or two with `fallback` if the first demands something.
 */
export function makeOffers(settings: DeflateSettings): ExtensionOffer[] {
  const { serverMaxWindowBits } = settings;
  const demanding: Parameters = {
    serverNoContextTakeover: settings.serverNoContextTakeover,
    clientNoContextTakeover: settings.clientNoContextTakeover,
    serverMaxWindowBits: serverMaxWindowBits === null ? null : askable(serverMaxWindowBits),
    clientMaxWindowBits: settings.clientMaxWindowBits ?? true,
  };
  const offers = [demanding];
  if (settings.fallback && (demanding.serverNoContextTakeover || serverMaxWindowBits !== null)) {
    offers.push({ ...demanding, serverNoContextTakeover: false, serverMaxWindowBits: null });
  }
  return offers.map(write);
}

/**
 * Checks a server's response against what the client offered, §7.1.
 *
 * @param responses All extensions that the server accepted.
 * @param offers The offers from {@linkcode makeOffers}.
 * @returns The negotiated parameters, null if the server accepted no compression.
 * @throws {SyntaxError} If the response answers none of the offers; its message is one line of ASCII.
 */
export function checkAnswer(
  responses: readonly ExtensionOffer[],
  offers: readonly ExtensionOffer[],
): DeflateAgreement | null {
  const [response, another] = responses.filter(({ name }) => name === DEFLATE);
  if (response === undefined) return null;
  if (another !== undefined) fail("the server must accept the extension only once", another);
  const answer = readParameters(response.parameters, false);
  if (answer === null) fail("the response must have only known parameters, once each, with valid values", response);
  if (!offers.some((offer) => answers(answer, readParameters(offer.parameters, true)!))) {
    fail("the response must fit an offer", response);
  }
  return agreementOf(answer);
}

/** Whether a response fits an offer. */
function answers(response: Parameters, offer: Parameters): boolean {
  const { serverMaxWindowBits: server, clientMaxWindowBits: client } = response;
  // §7.1.1.1, §7.1.2.1: a server accepts these by including them in its response, the window with no greater value.
  if (offer.serverNoContextTakeover && !response.serverNoContextTakeover) return false;
  if (offer.serverMaxWindowBits !== null && (server === null || server > offer.serverMaxWindowBits)) return false;
  if (client === null) return true;
  if (offer.clientMaxWindowBits === null) return false;
  return offer.clientMaxWindowBits === true || Number(client) <= offer.clientMaxWindowBits;
}

function fail(rule: string, { name, parameters }: ExtensionOffer): never {
  const text = [name, ...parameters.map(({ name, value }) => value === null ? name : `${name}=${value}`)].join("; ");
  throw new SyntaxError(
    `Cannot open the connection: ${rule} (RFC 7692 7.1), received ${printable(text)}`,
  );
}
