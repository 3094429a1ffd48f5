import type { Field } from "../http/format_head.ts";

/**
 * A client's request, as a {@linkcode Server} shows it for as long as it lives. It is kept as text: a web `Headers` would
 * take a kilobyte of each idle connection, and few ask for it (Deno 2.9.6).
 */
export class RequestInfo {
  /** The URL that was asked for. */
  readonly url: string;
  /** Where the client is, null if that is not known. */
  remoteAddr: Deno.Addr | null;
  /** The header fields: a line each. */
  readonly #lines: string;
  #headers: Headers | null = null;

  /**
   * @param url The URL that was asked for.
   * @param fields The header fields.
   * @param remoteAddr Where the client is, null if that is not known.
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
