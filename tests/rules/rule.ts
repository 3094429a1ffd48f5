/**
 * What a rule is: a sentence of an RFC, or something that a hostile peer does. Each stands once, in a list of this
 * folder, and the tests that hold it cite it: see `citations.ts`.
 *
 * @module
 */

/** What an RFC asks for, in short; or that, and why no test holds it. */
export type RfcRule = string | { readonly rule: string; readonly untested: string };

/** The rules of one RFC that apply to a WebSocket endpoint. */
export interface Rfc {
  /** Its number. */
  readonly number: number;
  /** Its title. */
  readonly title: string;
  /**
   * The rules by their citation without the RFC: the section and the level, and a word of our own if the section has
   * more rules of that level: `"§5.1 MUST client-masks"`. "Text" is the level of what is said in none of these words.
   */
  readonly rules: Readonly<Record<string, RfcRule>>;
}

/** One thing that a peer, or the network, may do. */
export interface HostileRow {
  /** What happens. */
  readonly happens: string;
  /** What this package does then. */
  readonly outcome: string;
  /** Where it was seen, or which rule it breaks. */
  readonly seen?: string;
}

/** Rows about the same part of the protocol. */
export interface HostileSection {
  /** The heading. */
  readonly title: string;
  /** The rows, by the id that citations name. */
  readonly rows: Readonly<Record<string, HostileRow>>;
}
