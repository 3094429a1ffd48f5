import type { Field } from "../http/format_head.ts";

/**
 * A client's request, as a {@linkcode Server} shows it throughout its life. It is kept as text: a web `Headers` would
 * take a kilobyte per idle connection, and few use it (Deno 2.9.6).
 */
export class RequestInfo {
  /** The requested URL. */
  readonly url: string;
  /** The client's address, null if it is not known. */
  remoteAddr: Deno.Addr | null;
  /** The header fields: a line each. */
  readonly #lines: string;
  #headers: Headers | null = null;

  /**
   * @param url The requested URL.
   * @param fields The header fields.
   * @param remoteAddr The client's address, null if it is not known.
   */
  constructor(url: string, fields: Iterable<Field>, remoteAddr: Deno.Addr | null) {
    this.url = url;
    this.remoteAddr = remoteAddr;
    this.#lines = Array.from(fields, ([name, value]) => `${name}:${value}\n`).join("");
  }

  /** The header fields. */
  get headers(): Headers {
    return this.#headers ??= new Headers(parse(this.#lines));
  }
}

function parse(lines: string): [name: string, value: string][] {
  return lines.split("\n").slice(0, -1).map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1)];
  });
}
