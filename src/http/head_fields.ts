/**
 * Looks up header fields. Both the web's `Headers` and {@linkcode HeadFields} implement it.
 *
 * @example Look into header fields of another kind
 * ```ts
 * import { type FieldSource, isHandshake } from "@wsd/driver/protocol";
 *
 * const headers: Record<string, string> = {
 *   upgrade: "websocket",
 *   connection: "Upgrade",
 *   "sec-websocket-version": "13",
 * };
 * const fields: FieldSource = { get: (name) => headers[name.toLowerCase()] ?? null };
 * console.log(isHandshake({ method: "GET", fields })); // true
 * ```
 * @category HTTP heads
 */
export interface FieldSource {
  /**
   * Looks up a field.
   *
   * @param name The field's name, in any case.
   * @returns The values of all of its lines joined by `", "`, null if there is no such field.
   */
  get(name: string): string | null;
}

/**
 * The header fields of a head, in their original order, with names as they were spelled.
 *
 * Unlike the web's `Headers`, it keeps each line separate, and the order of different fields. Values have one character
 * per byte, U+0000 to U+00FF.
 *
 * @example Look up a field
 * ```ts
 * import { HeadFields } from "@wsd/driver/protocol";
 *
 * const fields = new HeadFields([["Host", "example.com"], ["Accept", "a"], ["accept", "b"]]);
 * console.log(fields.get("ACCEPT")); // a, b
 * console.log(fields.getAll("accept")); // [ "a", "b" ]
 * console.log([...fields][0]); // [ "Host", "example.com" ]
 * ```
 * @category HTTP heads
 */
export class HeadFields implements FieldSource, Iterable<[name: string, value: string]> {
  readonly #lines: [name: string, value: string][] = [];
  readonly #values: Map<string, string[]> = new Map();

  /**
   * Creates a collection.
   *
   * @param lines The first fields, in order.
   */
  constructor(lines: Iterable<readonly [name: string, value: string]> = []) {
    for (const [name, value] of lines) this.append(name, value);
  }

  /** The number of lines. */
  get size(): number {
    return this.#lines.length;
  }

  /**
   * Adds a line at the end.
   *
   * @param name The field's name.
   * @param value The line's value.
   */
  append(name: string, value: string): void {
    this.#lines.push([name, value]);
    const key = name.toLowerCase();
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [value]);
    else values.push(value);
  }

  /**
   * Continues the value of the last line, which a sender has folded. RFC 9112 §5.2.
   *
   * @param more What to add after a space.
   * @throws {TypeError} If there is no line.
   */
  extend(more: string): void {
    const last = this.#lines.at(-1);
    if (last === undefined) {
      throw new TypeError("Cannot extend the last header field: there is none yet, append one first");
    }
    const values = this.#values.get(last[0].toLowerCase())!;
    last[1] = more === "" ? last[1] : last[1] === "" ? more : `${last[1]} ${more}`;
    values[values.length - 1] = last[1];
  }

  /**
   * Looks up a field.
   *
   * RFC 9110 §5.3: "A recipient MAY combine multiple field lines within a field section that have the same field name
   * into one field line, without changing the semantics of the message, by appending each subsequent field line value
   * to the initial field line value in order, separated by a comma (",") and optional whitespace". `Set-Cookie` is the
   * exception: see {@linkcode HeadFields.getAll}.
   *
   * @param name The field's name, in any case.
   * @returns The values of all of its lines joined by `", "`, null if there is no such field.
   */
  get(name: string): string | null {
    return this.#values.get(name.toLowerCase())?.join(", ") ?? null;
  }

  /**
   * Looks up the lines of a field.
   *
   * @param name The field's name, in any case.
   * @returns The value of each of its lines in order, an empty array if there is no such field.
   */
  getAll(name: string): string[] {
    return [...this.#values.get(name.toLowerCase()) ?? []];
  }

  /**
   * Checks whether there is a field.
   *
   * @param name The field's name, in any case.
   * @returns True if it has one line or more.
   */
  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  /**
   * Iterates over the lines.
   *
   * @returns Name and value of each line, in their original order.
   */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (const [name, value] of this.#lines) yield [name, value];
  }
}
