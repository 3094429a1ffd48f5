import { CloseCode } from "../close_code.ts";
import { WebSocketStreamBase } from "./web_socket_stream_base.ts";
import { Server } from "../server/server.ts";
import type { ServerOptions } from "../server/server.ts";
import { startServer } from "../server/start_server.ts";

/**
 * A server's WebSocket connection as a pair of streams; {@linkcode upgradeWebSocketStream} makes it.
 *
 * @example Send numbers as fast as they are read
 * ```ts
 * import { type ServerWebSocketStream, upgradeWebSocketStream } from "@wsd/driver";
 *
 * async function count(stream: ServerWebSocketStream): Promise<void> {
 *   const { writable } = await stream.opened;
 *   const numbers = Iterator.from([1, 2, 3]).map(String);
 *   await ReadableStream.from(numbers).pipeTo(writable);
 * }
 *
 * export function handler(request: Request): Response {
 *   const { stream, response } = upgradeWebSocketStream(request);
 *   count(stream).catch(() => console.log("They left before the end"));
 *   return response;
 * }
 * ```
 */
export class ServerWebSocketStream extends WebSocketStreamBase {
  /**
   * Takes the streams of a server.
   *
   * @param server A server that is not open yet.
   */
  constructor(server: Server) {
    super(server, "", Promise.resolve());
  }
}

/**
 * What {@linkcode upgradeWebSocketStream} gives.
 *
 * @example Log how a connection ends, and answer
 * ```ts
 * import { upgradeWebSocketStream, type WebSocketStreamUpgrade } from "@wsd/driver";
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
 */
export interface WebSocketStreamUpgrade {
  /** The connection. */
  readonly stream: ServerWebSocketStream;
  /** The answer, for the handler to return. */
  readonly response: Response;
}

/**
 * Takes a request for a WebSocket, under `serve` or `Deno.serve`, as a pair of streams: the server's counterpart of the
 * web's `WebSocketStream`.
 *
 * Over the built-in socket under `Deno.serve`, a client that sends faster than it is read can't be stopped: unread
 * messages wait in memory, and above `backpressureLimit` bytes of them the connection is failed with 1013.
 *
 * @param request The request.
 * @param options Limits, times, subprotocols, headers.
 * @returns The connection, and the response to return.
 * @throws {TypeError} Where the request is no handshake, or an option is malformed.
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
 */
export function upgradeWebSocketStream(
  request: Request,
  options: Omit<ServerOptions, "streamCloseCode"> = {},
): WebSocketStreamUpgrade {
  const server = new Server(request, { ...options, streamCloseCode: CloseCode.NO_STATUS_RECEIVED });
  const stream = new ServerWebSocketStream(server);
  return { stream, response: startServer(server) };
}
