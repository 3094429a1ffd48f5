import { DISTANCES, LITERALS } from "./_symbols.ts";

/** The longest piece of a message that is compressed in one go, in bytes: about 2 ms of work. */
export const PIECE = 32 * 1024;

/**
 * The memory that compressing takes for a moment only. All compressors of a process share one, for each ends what it
 * does within a call.
 */
export class Workspace {
  /** A window's bytes with a piece of a message behind them. */
  readonly input: Uint8Array = new Uint8Array(32 * 1024 + PIECE);
  /** The output of a piece, which never needs more than to be stored and a few bytes. */
  readonly output: Uint8Array = new Uint8Array(PIECE + 64);
  /** The symbols of a block: a literal's byte, or a match as `distance << 9 | 256 + length - 3`. */
  readonly symbols: Uint32Array = new Uint32Array(PIECE);
  /** How often each literal and length occurs in the block. */
  readonly literals: Uint32Array = new Uint32Array(LITERALS);
  /** How often each distance occurs in the block. */
  readonly distances: Uint32Array = new Uint32Array(DISTANCES);
}
