import type { MessageData } from "../connection/message_data.ts";

/**
 * The result of {@linkcode WebSocketStream.opened}.
 *
 * @example See what was negotiated
 * ```ts
 * import { serve, upgradeWebSocketStream, WebSocketStream } from "@wsd/driver";
 * import type { WebSocketOpenInfo } from "@wsd/driver/client";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   return upgradeWebSocketStream(request, { acceptProtocols: ["chat"] }).response;
 * });
 *
 * const stream = new WebSocketStream(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, { protocols: ["chat"] });
 * const { protocol, extensions }: WebSocketOpenInfo = await stream.opened;
 * console.log([protocol, extensions]); // [ "chat", "" ]
 * ```
 * @category Web standard classes
 */
export interface WebSocketOpenInfo {
  /** The incoming messages. */
  readonly readable: ReadableStream<string | Uint8Array>;
  /** The messages to send. */
  readonly writable: WritableStream<MessageData>;
  /** The negotiated extensions, as in the handshake; empty if there are none. */
  readonly extensions: string;
  /** The negotiated subprotocol, empty if there is none. */
  readonly protocol: string;
}

/**
 * How a connection was closed, or should be.
 *
 * @example Close with your own code
 * ```ts
 * import type { WebSocketCloseInfo, WebSocketStream } from "@wsd/driver/client";
 *
 * const SIGNED_OUT: WebSocketCloseInfo = { closeCode: 4001, reason: "You have signed out" };
 *
 * export function signOut(stream: WebSocketStream): void {
 *   stream.close(SIGNED_OUT);
 * }
 * ```
 * @category Web standard classes
 */
export interface WebSocketCloseInfo {
  /** The close code: to send, 1000 or 3000-4999. */
  closeCode?: number;
  /** The reason, at most 123 bytes of UTF-8. */
  reason?: string;
}
