import { Buffer } from "node:buffer";
import { checkOptionNames } from "../check_options.ts";
import { type MessageData, toBytes, toText } from "../connection/message_data.ts";
import { type ReconnectingSendOptions, SEND_OPTION_NAMES } from "./reconnecting_options.ts";

/** A message that was accepted, but not passed to a connection yet. */
export interface QueuedMessage {
  /** Text, or bytes that nobody else changes. */
  readonly data: string | Uint8Array;
  /** What to send it as. */
  readonly type: "text" | "binary";
  /** False sends it uncompressed. */
  readonly compress: boolean;
  /** Its length in bytes. */
  readonly bytes: number;
  /** When it was accepted, in milliseconds. */
  readonly takenAt: number;
  /** A newer message with the same key replaces it; null for none. */
  readonly key: string | null;
  /** Removes it. */
  readonly signal: AbortSignal | null;
  /** Called when it was handed to the system. */
  readonly callback: (() => void) | null;
}

/** Added to the bytes of each message, because empty ones take memory, too. */
const MESSAGE_OVERHEAD = 64;

/**
 * Returns the size of a message for the limit.
 *
 * @param message The message.
 * @returns Its bytes, and 64 more.
 */
export function costOf({ bytes }: QueuedMessage): number {
  return bytes + MESSAGE_OVERHEAD;
}

/** The messages that wait for a connection, in order. */
export class ResendQueue {
  /** A Set keeps the order, and deletes a message in the middle at no cost. */
  readonly #messages = new Set<QueuedMessage>();
  readonly #keys = new Map<string, QueuedMessage>();
  readonly #onAbort = new Map<QueuedMessage, () => void>();
  #bytes = 0;

  /** The bytes of all messages. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The size of all messages for the limit. */
  get cost(): number {
    return this.#bytes + this.#messages.size * MESSAGE_OVERHEAD;
  }

  /**
   * Finds the message that another one would replace.
   *
   * @param key The other one's key, null for none.
   * @returns The queued message with this key, null if there is none.
   */
  find(key: string | null): QueuedMessage | null {
    return key === null ? null : this.#keys.get(key) ?? null;
  }

  /**
   * Adds a message at the end; one with the same key is removed.
   *
   * @param message The message.
   */
  push(message: QueuedMessage): void {
    const { key, signal } = message;
    if (key !== null) {
      const older = this.#keys.get(key);
      if (older !== undefined) this.delete(older);
      this.#keys.set(key, message);
    }
    this.#messages.add(message);
    this.#bytes += message.bytes;
    if (signal === null) return;
    const onAbort = () => this.delete(message);
    this.#onAbort.set(message, onAbort);
    signal.addEventListener("abort", onAbort, { once: true });
  }

  /** The oldest message, null if there is none. */
  get first(): QueuedMessage | null {
    for (const message of this.#messages) return message;
    return null;
  }

  /**
   * Removes a message.
   *
   * @param message The message; one that isn't here is ignored.
   */
  delete(message: QueuedMessage): void {
    if (!this.#messages.delete(message)) return;
    this.#bytes -= message.bytes;
    if (message.key !== null && this.#keys.get(message.key) === message) this.#keys.delete(message.key);
    const onAbort = this.#onAbort.get(message);
    if (onAbort === undefined) return;
    this.#onAbort.delete(message);
    message.signal!.removeEventListener("abort", onAbort);
  }

  /**
   * Removes messages that were accepted too long ago.
   *
   * @param before The time before which that is so, in milliseconds.
   * @returns The removed messages.
   */
  expire(before: number): QueuedMessage[] {
    const old: QueuedMessage[] = [];
    for (const message of this.#messages) {
      if (message.takenAt > before) break;
      old.push(message);
    }
    old.forEach((message) => this.delete(message));
    return old;
  }

  /**
   * Removes everything.
   *
   * @returns The removed messages.
   */
  clear(): QueuedMessage[] {
    return this.expire(Infinity);
  }
}

/**
 * Creates a message to queue, with a copy of its bytes.
 *
 * @param data Text or bytes.
 * @param options Its type, a key, a signal, a callback.
 * @param takenAt The time, in milliseconds.
 * @returns The message.
 * @throws {TypeError} If the data or the type can't be sent, or an option is unknown.
 */
export function compose(data: MessageData, options: ReconnectingSendOptions, takenAt: number): QueuedMessage {
  checkOptionNames("send", options, SEND_OPTION_NAMES);
  const { type = typeof data === "string" ? "text" : "binary", compress = true } = options;
  const { key = null, signal = null, callback = null } = options;
  if (type !== "text" && type !== "binary") {
    throw new TypeError(`Cannot send: type must be "text" or "binary", received ${String(type)}`);
  }
  const content = type === "text" ? toText(data, "send") : toBytes(data, "send").slice();
  const bytes = typeof content === "string" ? Buffer.byteLength(content) : content.length;
  return { data: content, type, compress, bytes, takenAt, key, signal, callback };
}
