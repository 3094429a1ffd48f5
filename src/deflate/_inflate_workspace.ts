import { DecodeTable, distanceEntry, lengthEntry, literalEntry } from "./_decode_table.ts";
import { FIXED_DISTANCE_LENGTHS, FIXED_LITERAL_LENGTHS, LENGTH_CODES, MAX_MATCH } from "./_symbols.ts";

/** How many workspaces lie ready, about 80 KiB each. */
const KEPT = 4;

/** The memory that inflating one message takes, beside the message itself. */
export class InflateWorkspace {
  /** The literals and lengths of the current block, where it has a code of its own. */
  readonly literals: DecodeTable = new DecodeTable(9, 1024, literalEntry);
  /** The distances of the current block. */
  readonly distances: DecodeTable = new DecodeTable(7, 1024, distanceEntry);
  /** The lengths of the current block's codes. */
  readonly lengths: DecodeTable = new DecodeTable(7, 128, lengthEntry);
  /** The lengths as they are read. */
  readonly read: Uint8Array = new Uint8Array(288 + 32);
  /** The lengths of the code for lengths. */
  readonly readLengths: Uint8Array = new Uint8Array(LENGTH_CODES);
  /** Where a message is made, before its length is known. */
  readonly output: Uint8Array = new Uint8Array(64 * 1024 + MAX_MATCH);
}

/** Lends workspaces, one for each message that is being inflated. */
export class InflateWorkspaces {
  readonly #free: InflateWorkspace[] = [];
  /** The fixed code of RFC 1951 §3.2.6. */
  readonly fixedLiterals: DecodeTable = new DecodeTable(9, 512, literalEntry);
  /** The fixed distances. */
  readonly fixedDistances: DecodeTable = new DecodeTable(5, 32, distanceEntry);

  /** Builds the fixed code. */
  constructor() {
    this.fixedLiterals.build(FIXED_LITERAL_LENGTHS, 0, 288);
    this.fixedDistances.build(FIXED_DISTANCE_LENGTHS, 0, 32);
  }

  /** Lends one. */
  borrow(): InflateWorkspace {
    return this.#free.pop() ?? new InflateWorkspace();
  }

  /** Takes one back. */
  release(workspace: InflateWorkspace): void {
    if (this.#free.length < KEPT) this.#free.push(workspace);
  }
}
