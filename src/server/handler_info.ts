import type { ServeHandlerInfo } from "./serve_options.ts";

/**
 * The second argument of a handler of `serve`. It is a class because V8 would keep the connection, to which the getter
 * of an object literal would refer, until it next collects old objects (Deno 2.9.6).
 */
export class HandlerInfo implements ServeHandlerInfo {
  /** The client's address. */
  readonly remoteAddr: Deno.Addr;
  readonly #completed: () => Promise<void>;

  /**
   * @param remoteAddr The client's address.
   * @param completed Creates the promise: few handlers ask for it.
   */
  constructor(remoteAddr: Deno.Addr, completed: () => Promise<void>) {
    this.remoteAddr = remoteAddr;
    this.#completed = completed;
  }

  /** Resolves when the response was sent, or the connection has ended or become a WebSocket. */
  get completed(): Promise<void> {
    return this.#completed();
  }
}
