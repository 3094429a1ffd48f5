import { Block, wholeSize } from "./block.ts";

/** The read buffer of a connection with little traffic, in bytes: an idle connection pins this much. */
export const SMALL_BLOCK = 1024;
/** The read buffer of a connection with some traffic, in bytes. */
export const MEDIUM_BLOCK = 8 * 1024;
/** The read and output buffer of a busy connection, in bytes: 64 KiB of payload after a header. */
export const LARGE_BLOCK = 64 * 1024 + 64;

const SIZES: readonly number[] = [SMALL_BLOCK, MEDIUM_BLOCK, LARGE_BLOCK];

/** How many free blocks of each size are kept, about 4 MiB in all; further ones are garbage-collected. */
const KEPT: readonly number[] = [512, 128, 48];

/**
 * Lends blocks of three sizes, so that only the connections that are busy at the moment hold large ones.
 *
 * One pool serves any number of connections. A block's former content is still in it when it is lent again.
 */
export class BlockPool {
  readonly #free: readonly Block[][] = [[], [], []];

  /**
   * Returns the size of the block that is lent.
   *
   * @param size The minimum size in bytes.
   * @returns The size of the block that {@linkcode BlockPool.borrow} returns for it, in bytes.
   */
  sizeFor(size: number): number {
    return size <= SMALL_BLOCK
      ? SMALL_BLOCK
      : size <= MEDIUM_BLOCK
      ? MEDIUM_BLOCK
      : Math.max(LARGE_BLOCK, wholeSize(size));
  }

  /**
   * Lends a block.
   *
   * @param size The minimum size in bytes; a block above {@linkcode LARGE_BLOCK} is created for this one use.
   * @returns A block of at least that size, with arbitrary content.
   */
  borrow(size: number): Block {
    const free = this.#free[SIZES.indexOf(this.sizeFor(size))];
    return free?.pop() ?? new Block(this.sizeFor(size));
  }

  /**
   * Takes a block back. Nobody may use it afterwards.
   *
   * @param block A block that {@linkcode BlockPool.borrow} lent.
   */
  release(block: Block): void {
    const kind = SIZES.indexOf(block.size);
    if (kind >= 0 && this.#free[kind].length < KEPT[kind]) this.#free[kind].push(block);
  }
}
