import { checkInteger, MAX_TIMEOUT } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import { CloseCode } from "../close_code.ts";
import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import { formatClosePayload } from "../protocol/close_payload.ts";

/**
 * How a server that {@linkcode serve} has started is shut down.
 *
 * @example Tell clients to come back, and spread their return over ten seconds
 * ```ts
 * import { serve, type ShutdownOptions } from "@wsd/driver/server";
 *
 * const options: ShutdownOptions = { code: 1012, reason: "Back in a moment", spread: 10_000 };
 * const server = serve({ port: 0, onListen() {} }, () => new Response("Hi\n"));
 * await server.shutdown(options);
 * ```
 * @category Server
 */
export interface ShutdownOptions {
  /**
   * The close code to send to every WebSocket: 1000-1003, 1007-1014 or 3000-4999.
   *
   * @default {1001, "such as a server going down" (RFC 6455 §7.4.1)}
   */
  code?: number;
  /**
   * The reason that goes with the code, at most 123 bytes of UTF-8.
   *
   * @default {"The server shuts down"}
   */
  reason?: string;
  /**
   * Over how many milliseconds to spread the closing: each WebSocket is closed at a random time within them, so that
   * the clients don't all reconnect at once.
   *
   * @default {0}
   */
  spread?: number;
}

/** Closes the WebSockets of a server that is shut down, each at a random time within `spread`. */
export class Shutdown {
  readonly #code: number;
  readonly #reason: string;
  readonly #spread: number;
  /** The WebSockets whose time has not come yet. */
  readonly #timers = new Map<WebSocketDriver, ReturnType<typeof setTimeout>>();

  /**
   * Checks the options.
   *
   * @param options The caller's options.
   * @throws {TypeError} If an option is of the wrong type, or unknown.
   * @throws {RangeError} If the code may not be sent, the reason is too long, or `spread` is out of range.
   */
  constructor(options: ShutdownOptions) {
    checkOptionNames("shut down the server", options, { code: true, reason: true, spread: true });
    this.#code = options.code ?? CloseCode.GOING_AWAY;
    this.#reason = options.reason ?? "The server shuts down";
    this.#spread = checkInteger(options, "spread", 0, 0, MAX_TIMEOUT);
    formatClosePayload(this.#code, this.#reason);
  }

  /**
   * Closes a WebSocket at its time.
   *
   * @param ws The WebSocket.
   */
  close(ws: WebSocketDriver): void {
    if (this.#spread === 0) return this.closeNow(ws);
    this.#timers.set(ws, setTimeout(() => this.closeNow(ws), Math.random() * this.#spread));
  }

  /**
   * Closes a WebSocket.
   *
   * @param ws The WebSocket.
   */
  closeNow(ws: WebSocketDriver): void {
    this.forget(ws);
    ws.closeConnection(this.#reason, this.#code);
  }

  /**
   * Leaves a WebSocket alone.
   *
   * @param ws The WebSocket.
   */
  forget(ws: WebSocketDriver): void {
    clearTimeout(this.#timers.get(ws));
    this.#timers.delete(ws);
  }

  /** Cancels all pending closes. */
  cancel(): void {
    for (const ws of [...this.#timers.keys()]) this.forget(ws);
  }
}
