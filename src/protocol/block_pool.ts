import { Block, wholeSize } from "./block.ts";

/** What a connection reads with while little comes in, in bytes: it pins this much as long as it is idle. */
export const SMALL_BLOCK = 1024;
/** What a connection with some traffic reads with, in bytes. */
export const MEDIUM_BLOCK = 8 * 1024;
/** What a busy connection reads with and composes its output in, in bytes: 64 KiB of payload behind a header. */
export const LARGE_BLOCK = 64 * 1024 + 64;

const SIZES: readonly number[] = [SMALL_BLOCK, MEDIUM_BLOCK, LARGE_BLOCK];

/** How many free blocks of each size are kept, about 4 MiB in all; what is released beyond that is collected. */
const KEPT: readonly number[] = [512, 128, 48];

/**
 * Lends blocks of three sizes, so that only the connections that are busy at the moment hold large ones.
 *
 * One pool serves any number of connections. A block's former content is still in it when it is lent again.
 */
export class BlockPool {
  readonly #free: readonly Block[][] = [[], [], []];

  /**
   * Tells what size of block is lent.
   *
   * @param size The least size in bytes.
   * @returns The size of the block that {@linkcode BlockPool.borrow} gives for it, in bytes.
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
   * @param size The least size in bytes; a block above {@linkcode LARGE_BLOCK} is made for this one use.
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
