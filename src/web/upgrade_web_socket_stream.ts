import { isSendableCloseCode } from "../close_code.ts";
import { Server, type ServerOptions } from "../server/server.ts";
import { startServer } from "../server/start_server.ts";
import { Attachment } from "./attachment.ts";
import { WebSocketStream } from "./web_socket_stream.ts";

/**
 * The return value of {@linkcode upgradeWebSocketStream}.
 *
 * @example Log how a connection ends, and answer
 * ```ts
 * import { upgradeWebSocketStream, type WebSocketStreamUpgrade } from "@wsd/driver/server";
 *
 * function logged({ stream, response }: WebSocketStreamUpgrade): Response {
 *   stream.closed.then(({ closeCode }) => console.log("Closed:", closeCode), () => console.log("Lost"));
 *   return response;
 * }
 *
 * export function handler(request: Request): Response {
 *   return logged(upgradeWebSocketStream(request));
 * }
 * ```
 * @category Web standard classes
 */
export interface WebSocketStreamUpgrade {
  /** The connection. */
  readonly stream: WebSocketStream;
  /** The response, for the handler to return. */
  readonly response: Response;
}

/**
 * Upgrades a request to a WebSocket as a pair of streams, under `serve` or `Deno.serve`: the server's counterpart of
 * the web's `WebSocketStream`. It can close with every code that may be sent, not only those of the standard's clients.
 *
 * Over the built-in socket under `Deno.serve`, a client that sends faster than you read can't be slowed down: unread
 * messages stay in memory, and above `backpressureLimit` bytes of them the connection fails with 1013.
 *
 * @param request The request.
 * @param options Limits, times, subprotocols, headers.
 * @returns The connection, and the response to return.
 * @throws {TypeError} If the request isn't a handshake, or an option is malformed.
 *
 * @example An echo server in one line
 * ```ts
 * import { upgradeWebSocketStream } from "@wsd/driver";
 *
 * export function handler(request: Request): Response {
 *   const { stream, response } = upgradeWebSocketStream(request);
 *   stream.opened.then(({ readable, writable }) => readable.pipeTo(writable)).catch(() => {});
 *   return response;
 * }
 * ```
 * @category Web standard classes
 */
export function upgradeWebSocketStream(
  request: Request,
  options: Omit<ServerOptions, "streamCloseCode"> = {},
): WebSocketStreamUpgrade {
  const driver = new Server(request, options);
  const isCloseCode = isSendableCloseCode;
  const stream = new WebSocketStream(
    new Attachment({ driver, url: "", binaryType: "arraybuffer", isCloseCode }) as never,
  );
  return { stream, response: startServer(driver) };
}
