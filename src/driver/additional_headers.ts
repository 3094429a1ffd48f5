import { checkAdditionalFields } from "../handshake/additional_fields.ts";
import type { Field } from "../http/format_head.ts";

/**
 * Header fields that are added to a handshake. Most have none, and making and reading an empty `Headers` for each
 * connection would be a twentieth of what its handshake costs (Deno 2.9.6).
 */
export class AdditionalHeaders {
  #headers: Headers | null;

  /**
   * Takes them.
   *
   * @param init What `new Headers(…)` takes; undefined for none.
   * @throws {TypeError} If it takes something else.
   */
  constructor(init: HeadersInit | undefined) {
    this.#headers = init === undefined ? null : toHeaders(init);
  }

  /** The header fields, to be changed. */
  get headers(): Headers {
    return this.#headers ??= new Headers();
  }

  /**
   * Gives the header fields for the handshake.
   *
   * @returns The fields.
   * @throws {TypeError} If one can't be sent, or is the handshake's own.
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
