import { Client } from "../client/client.ts";
import { coreOf, type WebSocketDriver } from "../driver/websocket_driver.ts";
import { WebSocketError } from "../errors.ts";
import { DriverStreams } from "../streams/driver_streams.ts";
import { Attachment, type AttachmentOptions } from "./attachment.ts";
import { checkCloseArguments, isWebCloseCode } from "./close_arguments.ts";
import { toWebError } from "./web_error.ts";
import {
  defineInterface,
  enforceUnsignedShort,
  requireArguments,
  toDictionary,
  toSequence,
  toUSVString,
} from "./web_idl.ts";
import { toClientOptions, type WebSocketOptions } from "./web_socket_options.ts";
import type { WebSocketCloseInfo, WebSocketOpenInfo } from "./web_socket_stream_info.ts";
import { WebStreamOwner } from "./web_stream_owner.ts";
import { checkWebProtocols, parseWebUrl } from "./web_url.ts";

/**
 * The options of {@linkcode WebSocketStream}: the standard's, and those of {@linkcode makeClient}.
 *
 * @example Negotiate a subprotocol, and limit messages
 * ```ts
 * import { serve, upgradeWebSocketStream, WebSocketStream, type WebSocketStreamOptions } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   return upgradeWebSocketStream(request, { acceptProtocols: ["chat"] }).response;
 * });
 *
 * const options: WebSocketStreamOptions = { protocols: ["superchat", "chat"], maxLength: 1024 * 1024 };
 * const stream = new WebSocketStream(`ws://localhost:${(server.addr as Deno.NetAddr).port}/`, options);
 * console.log((await stream.opened).protocol); // chat
 * ```
 * @category Web standard classes
 */
export interface WebSocketStreamOptions extends WebSocketOptions {
  /**
   * The subprotocols to offer, in order of preference.
   *
   * @default {[]}
   */
  protocols?: string[];
}

/**
 * The web's `WebSocketStream`, a client's connection as a pair of streams, as in the WHATWG proposal and Chrome.
 * Its options include those of {@linkcode makeClient}.
 *
 * Closing the writable, canceling the readable and aborting the writable close the connection without a code, unless
 * the reason is a `WebSocketError` with one. If the connection is closed cleanly, the readable ends and the writable
 * fails with an `InvalidStateError`; otherwise both fail with a `WebSocketError`, the readable after all complete
 * messages. The connection is not closed cleanly if the peer closes it while a `write` is pending.
 *
 * If you don't read `readable`, the peer must eventually stop sending. You need not handle either promise: their
 * rejections never count as unhandled.
 *
 * @example Ask, and read the answer
 * ```ts
 * import { serve, upgradeWebSocketStream, WebSocketStream } from "@wsd/driver";
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
 * console.log(await readable.getReader().read()); // { value: "Hi", done: false }
 * stream.close({ closeCode: 1000, reason: "Enough" });
 * console.log((await stream.closed).closeCode); // 1000
 * ```
 * @category Web standard classes
 */
export class WebSocketStream {
  readonly #attachment: AttachmentOptions;
  readonly #owner: WebStreamOwner;
  readonly #opened: Promise<WebSocketOpenInfo>;
  readonly #closed: Promise<Required<WebSocketCloseInfo>>;

  /**
   * Starts connecting.
   *
   * @param url The URL: `ws:`, `wss:`, or `http:` or `https:` instead.
   * @param options Subprotocols, a signal that aborts the opening, limits, times, headers, certificates.
   * @throws {DOMException} A `SyntaxError` for a URL or subprotocols that can't be used.
   * @throws {TypeError} If the URL is missing, or an option is malformed or unknown.
   */
  constructor(url: string | URL, options: WebSocketStreamOptions = {}) {
    requireArguments(arguments.length, 1, "create a WebSocketStream");
    const given: unknown = url;
    this.#attachment = given instanceof Attachment ? given.options : attach(url, options);
    const { driver } = this.#attachment;
    const owner = this.#owner = new WebStreamOwner(coreOf(driver));
    const { readable, writable } = streams(driver, owner);
    this.#opened = this.#open(readable, writable);
    this.#opened.catch(() => {});
    this.#closed = this.#close();
    this.#closed.catch(() => {});
  }

  async #open(readable: WebSocketOpenInfo["readable"], writable: WebSocketOpenInfo["writable"]) {
    const { driver, start } = this.#attachment;
    try {
      await start?.();
      await driver.opened;
    } catch (error) {
      // The reason of a signal is passed on unchanged.
      throw error instanceof WebSocketError ? toWebError(error) : error;
    }
    return { readable, writable, extensions: driver.extensions, protocol: driver.protocol ?? "" };
  }

  async #close() {
    const { code, reason } = await this.#attachment.driver.closed;
    // The reason why the connection didn't open is known a moment after its end.
    await this.#opened;
    const { outcome } = this.#owner;
    if (outcome) throw outcome;
    return { closeCode: code, reason };
  }

  /** The URL, empty on a server. */
  get url(): string {
    return this.#attachment.url;
  }

  /** Resolves when the connection is open, rejects if it never will be. */
  get opened(): Promise<WebSocketOpenInfo> {
    return this.#opened;
  }

  /**
   * Resolves when the connection has been closed cleanly, with the code and reason of the peer's Close; else rejects.
   */
  get closed(): Promise<Required<WebSocketCloseInfo>> {
    return this.#closed;
  }

  /**
   * Begins the closing handshake, after everything that was written. Messages that arrive later are dropped; those
   * queued in `readable` can still be read.
   *
   * @param info The code, on a client 1000 or 3000-4999, and the reason; neither is sent by default.
   * @throws {DOMException} An `InvalidAccessError` for another code, a `SyntaxError` for a reason longer than 123
   * bytes.
   * @throws {TypeError} If the info isn't an object, or the code isn't a number from 0 to 65535.
   */
  close(info: WebSocketCloseInfo = {}): void {
    const { closeCode, reason = "" } = toDictionary<WebSocketCloseInfo>(info, "close");
    const code = closeCode === undefined ? null : enforceUnsignedShort(closeCode, "close with a closeCode");
    const { driver, isCloseCode } = this.#attachment;
    const how = checkCloseArguments(code, toUSVString(reason), isCloseCode);
    driver.closeConnection(how.reason, how.code);
    coreOf(driver).drop();
  }
}

defineInterface(WebSocketStream);

function attach(url: unknown, options: WebSocketStreamOptions): AttachmentOptions {
  const { protocols = [], ...init } = toDictionary<WebSocketStreamOptions>(options, "create a WebSocketStream");
  const list = toSequence(protocols, "take protocols");
  const { href } = parseWebUrl(url);
  const driver = new Client(href, toClientOptions(init, checkWebProtocols(list)));
  const start = () => driver.startConnection();
  return { driver, url: href, binaryType: "arraybuffer", isCloseCode: isWebCloseCode, start };
}

/** The streams of a driver, which end with it. */
function streams(driver: WebSocketDriver, owner: WebStreamOwner): Pick<DriverStreams, "readable" | "writable"> {
  const streams = new DriverStreams(owner);
  const { readable, writable } = streams;
  driver.on("close", (info) => {
    owner.onClose(info);
    streams.onEnd();
  });
  return { readable, writable };
}
