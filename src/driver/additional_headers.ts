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
   */
  constructor(init: HeadersInit | undefined) {
    this.#headers = init === undefined ? null : new Headers(init);
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
