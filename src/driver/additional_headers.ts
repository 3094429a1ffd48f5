import { checkAdditionalFields } from "../handshake/additional_fields.ts";
import type { Field } from "../http/format_head.ts";

/**
 * Header fields that are added to a handshake. Most connections have none, and creating and reading an empty `Headers`
 * for each would cost a twentieth of its handshake (Deno 2.9.6).
 */
export class AdditionalHeaders {
  #headers: Headers | null;

  /**
   * Stores the fields.
   *
   * @param init Anything `new Headers(…)` accepts; undefined for none.
   * @throws {TypeError} If it is anything else.
   */
  constructor(init: HeadersInit | undefined) {
    this.#headers = init === undefined ? null : toHeaders(init);
  }

  /** The header fields; they may be changed. */
  get headers(): Headers {
    return this.#headers ??= new Headers();
  }

  /**
   * Returns the header fields for the handshake.
   *
   * @returns The fields.
   * @throws {TypeError} If one can't be sent, or is set by the handshake itself.
   */
  check(): readonly Field[] {
    return this.#headers === null ? [] : checkAdditionalFields(this.#headers);
  }
}

function toHeaders(init: HeadersInit): Headers {
  try {
    return new Headers(init);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new TypeError(`Cannot use the option additionalHeaders: ${why}`, { cause });
  }
}
