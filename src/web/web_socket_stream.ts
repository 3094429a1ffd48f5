import { CloseCode } from "../close_code.ts";
import { WebSocketStreamBase } from "./web_socket_stream_base.ts";
import { Client, type ClientOptions } from "../client/client.ts";
import { checkWebProtocols, parseWebUrl } from "./web_url.ts";

/**
 * How a {@linkcode WebSocketStream} connects: as the standard has it, and with everything that a client can be told.
 *
 * @example Agree on a subprotocol, and limit what is received
 * ```ts
 * import { serve, upgradeWebSocketStream, WebSocketStream, type WebSocketStreamOptions } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   return upgradeWebSocketStream(request, { acceptProtocols: ["chat"] }).response;
 * });
 *
 * const options: WebSocketStreamOptions = { protocols: ["superchat", "chat"], maxLength: 1024 * 1024 };
 * const stream = new WebSocketStream(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, options);
 * assertEquals((await stream.opened).protocol, "chat");
 * ```
 */
export interface WebSocketStreamOptions
  extends Omit<ClientOptions, "acceptProtocols" | "requireProtocol" | "streamCloseCode"> {
  /**
   * The subprotocols to offer, the preferred first.
   *
   * @default {[]}
   */
  protocols?: string[];
}

/**
 * A client's WebSocket connection as a pair of streams: the web's `WebSocketStream`, as the WHATWG proposal and Chrome
 * have it, with the options of {@linkcode makeClient} beside.
 *
 * Closing the writable, cancelling the readable and aborting the writable close the connection without a code, unless
 * the reason is a `WebSocketError` with one. Where the connection is closed cleanly, the readable ends and the writable
 * fails with an `InvalidStateError`; else both fail with a `WebSocketError`, the readable behind what was received whole.
 *
 * @example Ask, and read the answer
 * ```ts
 * import { serve, upgradeWebSocketStream, WebSocketStream } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const { stream, response } = upgradeWebSocketStream(request);
 *   stream.opened.then(({ readable, writable }) => readable.pipeTo(writable)).catch(() => {});
 *   return response;
 * });
 *
 * const stream = new WebSocketStream(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`);
 * const { readable, writable } = await stream.opened;
 * await writable.getWriter().write("Hi");
 * assertEquals(await readable.getReader().read(), { done: false, value: "Hi" });
 * stream.close({ closeCode: 1000, reason: "Enough" });
 * assertEquals((await stream.closed).closeCode, 1000);
 * ```
 */
export class WebSocketStream extends WebSocketStreamBase {
  /**
   * Begins to connect.
   *
   * @param url Where to: `ws:`, `wss:`, or `http:` and `https:` in their place.
   * @param options Subprotocols, a signal that gives up the opening, limits, times, headers, certificates.
   * @throws {DOMException} A `SyntaxError` for a URL or subprotocols that can't be used.
   * @throws {TypeError} Where an option is malformed.
   */
  constructor(url: string | URL, options: WebSocketStreamOptions = {}) {
    const { protocols = [], ...rest } = options;
    const { href } = parseWebUrl(url);
    const acceptProtocols = checkWebProtocols(protocols);
    const client = new Client(href, {
      ...rest,
      acceptProtocols,
      requireProtocol: true,
      streamCloseCode: CloseCode.NO_STATUS_RECEIVED,
    });
    super(client, href, client.startConnection());
  }
}
