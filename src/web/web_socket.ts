import { WebSocketBase } from "./web_socket_base.ts";
import { Client, type ClientOptions } from "../client/client.ts";
import { checkWebProtocols, parseWebUrl } from "./web_url.ts";

/**
 * What {@linkcode WebSocket} can be told beyond the standard: all that {@linkcode makeClient} can.
 *
 * @example Send a token, which the global class can't in a browser
 * ```ts
 * import { serve, upgradeWebSocket, WebSocket, type WebSocketOptions } from "@wsd/driver";
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
 */
export interface WebSocketOptions
  extends Omit<ClientOptions, "acceptProtocols" | "requireProtocol" | "streamCloseCode"> {
  /** Header fields to add to the request, by the name that the runtime's own class has for them. */
  headers?: HeadersInit;
}

/**
 * The runtime's own class takes its options in the place of the subprotocols, and these among them.
 *
 * @example Give everything in the second argument
 * ```ts
 * import { serve, upgradeWebSocket, WebSocket, type WebSocketInit } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   return upgradeWebSocket(request, { protocol: "chat" }).response;
 * });
 *
 * const init: WebSocketInit = { protocols: ["chat"], headers: { "x-room": "1" } };
 * const ws = new WebSocket(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, init);
 * await new Promise((resolve) => ws.onopen = resolve);
 * assertEquals(ws.protocol, "chat");
 * ```
 */
export interface WebSocketInit extends WebSocketOptions {
  /** The subprotocols to offer. */
  protocols?: string | string[];
}

/**
 * A client's WebSocket connection in the shape of the web's `WebSocket`: to be handed to code that knows that class, with
 * a third argument for the options of {@linkcode makeClient}.
 *
 * It is the class of the WHATWG WebSockets Standard, but for its `"error"` events, which are `ErrorEvent`s that tell why.
 * It has no backpressure on what it receives, as the standard has none; `WebSocketStream` and `makeClient` do.
 *
 * @example Use it as the global one
 * ```ts
 * import { serve, upgradeWebSocket, WebSocket } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const { socket, response } = upgradeWebSocket(request);
 *   socket.onmessage = ({ data }) => socket.send(data);
 *   return response;
 * });
 *
 * const ws = new WebSocket(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, [], { maxLength: 1024 });
 * ws.onopen = () => ws.send("Hi");
 * ws.onmessage = ({ data }) => {
 *   assertEquals(data, "Hi");
 *   ws.close(1000);
 * };
 * const { wasClean } = await new Promise<CloseEvent>((resolve) => ws.onclose = resolve);
 * assertEquals(wasClean, true);
 * ```
 */
export class WebSocket extends WebSocketBase {
  /**
   * Begins to connect.
   *
   * @param url Where to: `ws:`, `wss:`, or `http:` and `https:` in their place.
   * @param protocols The subprotocols to offer, one or several; or the options, as the runtime's own class takes them.
   * @param options Limits, times, headers, certificates.
   * @throws {DOMException} A `SyntaxError` for a URL or subprotocols that can't be used.
   * @throws {TypeError} Where an option is malformed.
   */
  constructor(url: string | URL, protocols: string | string[] | WebSocketInit = [], options: WebSocketOptions = {}) {
    const { protocols: names = [], headers, ...rest } = settle(protocols, options);
    const { href } = parseWebUrl(url);
    const acceptProtocols = checkWebProtocols(typeof names === "string" ? [names] : names);
    const client = new Client(href, {
      ...rest,
      acceptProtocols,
      requireProtocol: true,
      additionalHeaders: headers ?? rest.additionalHeaders,
    });
    super(client, href, "blob");
    // An event tells of it.
    client.startConnection().catch(() => {});
  }
}

function settle(protocols: string | string[] | WebSocketInit, options: WebSocketOptions): WebSocketInit {
  if (typeof protocols === "object" && protocols !== null && !(Symbol.iterator in protocols)) return protocols;
  return { ...options, protocols };
}
