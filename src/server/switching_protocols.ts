import type { Field } from "../http/format_head.ts";

/**
 * The response to an accepted handshake, RFC 9110 §15.2.2. Its `headers` are created on first use: most handlers return
 * it unchanged, and creating and sorting a `Headers` takes a tenth of a handshake (Deno 2.9.6).
 */
export class SwitchingProtocols extends Response {
  readonly #fields: readonly Field[];
  #hasHeaders = false;

  /**
   * Composes a 101.
   *
   * @param fields The header fields.
   */
  constructor(fields: readonly Field[]) {
    super(null, { status: 101 });
    this.#fields = fields;
  }

  /** The header fields; they may be changed. */
  override get headers(): Headers {
    const headers = super.headers;
    if (!this.#hasHeaders) { for (const [name, value] of this.#fields) headers.append(name, value); }
    this.#hasHeaders = true;
    return headers;
  }

  /** Copies it, with its header fields. */
  override clone(): Response {
    void this.headers;
    return super.clone();
  }

  /**
   * Returns the header fields of a response, as they will be written.
   *
   * @param response Any response.
   * @returns The fields.
   */
  static fieldsOf(response: Response): Iterable<Field> {
    return response instanceof SwitchingProtocols && !response.#hasHeaders ? response.#fields : response.headers;
  }
}
