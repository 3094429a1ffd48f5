/**
 * Carries the bytes of a connection, both ways, in the shape of `Deno.Conn`.
 *
 * A transport knows nothing about frames. At most one `read` and one `write` are pending at a time.
 *
 * @example A transport that discards what is written
 * ```ts
 * import type { Transport } from "@wsd/driver/client";
 *
 * const discard: Transport = {
 *   retainsWrites: false,
 *   read: () => Promise.resolve(null),
 *   write: () => Promise.resolve(),
 *   closeWrite: () => Promise.resolve(),
 *   close: () => {},
 * };
 * ```
 * @category Transports
 */
export interface Transport {
  /**
   * True if bytes given to {@linkcode Transport.write} may still be read after it has resolved. Their memory is then
   * never reused.
   */
  readonly retainsWrites: boolean;

  /**
   * Reads what has arrived, at least one byte and at most what the buffer holds.
   *
   * @param buffer Receives the bytes; at least one byte long.
   * @returns How many bytes were read, null at the end of the stream. Rejects if the transport fails; resolves to null
   * or rejects if {@linkcode Transport.close} is called meanwhile.
   */
  read(buffer: Uint8Array): Promise<number | null>;

  /**
   * Writes all of the bytes.
   *
   * @param bytes The bytes, unchanged until the promise settles.
   * @returns A promise that resolves when the transport has accepted the last byte.
   */
  write(bytes: Uint8Array): Promise<void>;

  /**
   * Ends the writing side (a TCP FIN, a TLS close_notify); reading continues. A later `write` rejects; calling it again
   * does nothing.
   *
   * @returns A promise that resolves when the transport has accepted the end, and rejects if the transport fails.
   */
  closeWrite(): Promise<void>;

  /**
   * Ends both sides at once and frees the resource. Unread bytes are dropped; a pending `write` or
   * `closeWrite` rejects, as does a later one. Never throws; calling it again does nothing.
   */
  close(): void;
}
