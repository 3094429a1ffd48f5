import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode } from "../errors.ts";
import { checkCloseArguments } from "./close_arguments.ts";
import type { MessageData } from "../connection/message_data.ts";
import { dropIncoming, type WebSocketDriver } from "../driver/websocket_driver.ts";

/**
 * What {@linkcode WebSocketStreamBase.opened} resolves to.
 *
 * @example See what was agreed on
 * ```ts
 * import { serve, upgradeWebSocketStream, type WebSocketOpenInfo, WebSocketStream } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   return upgradeWebSocketStream(request, { acceptProtocols: ["chat"] }).response;
 * });
 *
 * const stream = new WebSocketStream(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, { protocols: ["chat"] });
 * const { protocol, extensions }: WebSocketOpenInfo = await stream.opened;
 * assertEquals([protocol, extensions], ["chat", ""]);
 * ```
 */
export interface WebSocketOpenInfo {
  /** The messages that arrive. */
  readonly readable: ReadableStream<string | Uint8Array>;
  /** Where messages to send are written. */
  readonly writable: WritableStream<MessageData>;
  /** The extensions that were agreed on, as in the handshake; empty where there are none. */
  readonly extensions: string;
  /** The subprotocol that was agreed on, empty where there is none. */
  readonly protocol: string;
}

/**
 * How a connection was closed, or shall be.
 *
 * @example Close with a code of one's own
 * ```ts
 * import type { WebSocketCloseInfo, WebSocketStreamBase } from "@wsd/driver";
 *
 * const SIGNED_OUT: WebSocketCloseInfo = { closeCode: 4001, reason: "You have signed out" };
 *
 * export function signOut(stream: WebSocketStreamBase): void {
 *   stream.close(SIGNED_OUT);
 * }
 * ```
 */
export interface WebSocketCloseInfo {
  /** The close code: to send, 1000 or 3000-4999. */
  closeCode?: number;
  /** The reason, at most 123 bytes of UTF-8. */
  reason?: string;
}

/**
 * A WebSocket connection in the shape of the web's `WebSocketStream`; what the client's and the server's have in common.
 *
 * Whoever doesn't read `readable` stops the peer in the end. Both promises may be left alone: their rejections are never
 * unhandled.
 *
 * @example Take what either side gives
 * ```ts
 * import type { WebSocketStreamBase } from "@wsd/driver";
 *
 * export async function echo(stream: WebSocketStreamBase): Promise<void> {
 *   const { readable, writable } = await stream.opened;
 *   await readable.pipeTo(writable);
 * }
 * ```
 */
export abstract class WebSocketStreamBase {
  /** The URL, empty on a server. */
  readonly url: string;
  /** Resolves when the connection is open, rejects where it never will be. */
  readonly opened: Promise<WebSocketOpenInfo>;
  /** Resolves when the connection has been closed cleanly, with what the peer's Close said; else rejects. */
  readonly closed: Promise<Required<WebSocketCloseInfo>>;
  readonly #driver: WebSocketDriver;

  /**
   * Takes the streams of a driver that is not open yet.
   *
   * @param driver The driver.
   * @param url The URL.
   * @param started Settles as the driver has been started.
   */
  protected constructor(driver: WebSocketDriver, url: string, started: Promise<unknown>) {
    this.#driver = driver;
    this.url = url;
    const { readable, writable } = driver;
    let fault: unknown = null;
    driver.on("error", (error) => fault ??= error);
    this.opened = started.then(() => driver.opened).then(() => ({
      readable,
      writable,
      extensions: driver.extensions,
      protocol: driver.protocol ?? "",
    }));
    this.opened.catch((error) => fault = error);
    this.closed = driver.closed.then(async ({ code, reason }) => {
      // What kept the connection from opening is known a moment after its end.
      await this.opened.catch(() => {});
      if (fault !== null) throw fault;
      if (code === CloseCode.ABNORMAL_CLOSURE) throw lost();
      return { closeCode: code, reason };
    });
    this.closed.catch(() => {});
  }

  /**
   * Begins the closing handshake, behind what was written. Messages that arrive after that are dropped; those that
   * wait in `readable` can still be read.
   *
   * @param info The code and the reason; neither is sent where they are left out.
   * @throws {DOMException} An `InvalidAccessError` for another code than 1000 or 3000-4999, a `SyntaxError` for a reason
   * above 123 bytes.
   * @throws {TypeError} Where the info is no object.
   */
  close(info: WebSocketCloseInfo = {}): void {
    if (info !== null && typeof info !== "object" && typeof info !== "function") {
      throw new TypeError(`Cannot close with an info that is no object: received ${typeof info}`);
    }
    const { closeCode, reason } = info ?? {};
    const how = checkCloseArguments(closeCode === undefined ? null : Number(closeCode), String(reason ?? ""));
    this.#driver.closeConnection(how.reason, how.code);
    dropIncoming(this.#driver);
  }
}

function lost(): ConnectionError {
  return new ConnectionError("Cannot go on as the connection ended without a Close", ErrorCode.CONNECTION_LOST);
}
