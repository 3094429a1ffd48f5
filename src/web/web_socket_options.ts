import type { ClientOptions } from "../client/client.ts";
import { toSequence } from "./web_idl.ts";
import { checkWebProtocols } from "./web_url.ts";

/**
 * The options of {@linkcode WebSocket} beyond the standard: those of {@linkcode makeClient}.
 *
 * @example Send a token, which the global class can't in a browser
 * ```ts
 * import { serve, upgradeWebSocket, WebSocket } from "@wsd/driver";
 * import type { WebSocketOptions } from "@wsd/driver/client";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   if (request.headers.get("authorization") !== "Bearer 123") return new Response(null, { status: 401 });
 *   return upgradeWebSocket(request).response;
 * });
 *
 * const options: WebSocketOptions = { headers: { authorization: "Bearer 123" }, handshakeTimeout: 5_000 };
 * const ws = new WebSocket(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, [], options);
 * await new Promise((resolve) => ws.onopen = resolve);
 * ```
 * @category Web standard classes
 */
export interface WebSocketOptions
  extends Omit<ClientOptions, "acceptProtocols" | "requireProtocol" | "streamCloseCode"> {
  /** Header fields to add to the request, under the name that the runtime's own class uses. */
  headers?: HeadersInit;
}

/**
 * The runtime's own class accepts its options in place of the subprotocols, with these among them.
 *
 * @example Give everything in the second argument
 * ```ts
 * import { serve, upgradeWebSocket, WebSocket, type WebSocketInit } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   return upgradeWebSocket(request, { protocol: "chat" }).response;
 * });
 *
 * const init: WebSocketInit = { protocols: ["chat"], headers: { "x-room": "1" } };
 * const ws = new WebSocket(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, init);
 * await new Promise((resolve) => ws.onopen = resolve);
 * console.log(ws.protocol); // chat
 * ```
 * @category Web standard classes
 */
export interface WebSocketInit extends WebSocketOptions {
  /** The subprotocols to offer. */
  protocols?: string | string[];
}

/** Options that the web's classes set themselves. */
const DECIDED: Readonly<Record<string, string>> = {
  acceptProtocols: "give the subprotocols as protocols",
  requireProtocol: "the standard always requires one of those that were offered",
  streamCloseCode: "the standard closes without a code",
};

/**
 * Converts a web class's options to a client's.
 *
 * @param options The options of the web class, without its subprotocols.
 * @param acceptProtocols The subprotocols.
 * @returns The options of the client.
 * @throws {TypeError} If an option is not for the web's classes.
 */
export function toClientOptions({ headers, ...options }: WebSocketOptions, acceptProtocols: string[]): ClientOptions {
  for (const name of Object.keys(options)) {
    if (Object.hasOwn(DECIDED, name)) throw new TypeError(`Cannot connect with the option ${name}: ${DECIDED[name]}`);
  }
  const fields = headers !== undefined && { additionalHeaders: headers };
  return { ...options, ...fields, acceptProtocols, requireProtocol: true };
}

/**
 * Reads a constructor's arguments after the URL.
 *
 * @param protocols The subprotocols, or the options.
 * @param options The options.
 * @returns The options of the client.
 * @throws {DOMException} A `SyntaxError` for subprotocols that can't be used.
 * @throws {TypeError} If an option is not for the web's classes.
 */
export function readArguments(protocols: unknown, options: unknown): ClientOptions {
  const { protocols: names = [], ...init } = settle(protocols, options);
  const list = typeof names === "string" ? [names] : toSequence(names, "connect with protocols");
  return toClientOptions(init, checkWebProtocols(list));
}

/**
 * Subprotocols are text or a list; the runtime's own class accepts its options in their place. The standard ignores
 * further arguments, so anything but an object is ignored, too.
 */
function settle(protocols: unknown, options: unknown): WebSocketInit {
  const more: WebSocketOptions = typeof options === "object" ? { ...options } : {};
  if (protocols === null) return more;
  if (typeof protocols !== "object" && typeof protocols !== "function") {
    return { ...more, protocols: `${protocols}` };
  }
  return Symbol.iterator in protocols ? { ...more, protocols: protocols as string[] } : { ...more, ...protocols };
}
