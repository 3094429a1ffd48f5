import { checkInteger } from "../check_integer.ts";
import { checkOptionNames } from "../check_options.ts";
import { sharedEngine } from "./engine.ts";

/**
 * How much memory compression may use in this process, for all connections together: RFC 7692.
 *
 * @example Compress and inflate with little memory
 * ```ts
 * import { type CompressionBudget, setCompressionBudget } from "@wsd/driver/client";
 *
 * const small: CompressionBudget = { compressors: 8 * 1024 * 1024, inflating: 16 * 1024 * 1024 };
 * setCompressionBudget(small);
 * ```
 * @category Connection
 */
export interface CompressionBudget {
  /**
   * How much memory all compressors have together, in bytes. One with the default settings takes 192 KiB, so that there
   * are 170 of them. If more connections than that send compressed messages, the compressor that was used least
   * recently forgets what it has sent, and its next message takes more bytes on the wire. Memory that was taken once is
   * used again, but not given back to the system.
   *
   * @default {33554432} 32 MiB
   */
  compressors?: number;
  /**
   * How many bytes messages may hold together while they are inflated over several turns of the event loop, which
   * applies to those that read or write more than 256 KiB. Above that, only the oldest of them is inflated, up to its
   * connection's `maxLength`, and the others wait. Every message is finished.
   *
   * @default {67108864} 64 MiB
   */
  inflating?: number;
}

/** Linear memory has at most 4 GiB. */
const MAX = 2 ** 32;

const NAMES: Readonly<Record<keyof CompressionBudget, true>> = { compressors: true, inflating: true };

/**
 * Sets how much memory compression may use in this process. It applies from now on, to all connections; omitted limits
 * stay unchanged.
 *
 * @param budget The limits.
 * @throws {TypeError} If a value isn't a number, or a name is unknown.
 * @throws {RangeError} If a number isn't a non-negative integer.
 *
 * @example Compress for a thousand busy connections without forgetting
 * ```ts
 * import { setCompressionBudget } from "@wsd/driver";
 *
 * setCompressionBudget({ compressors: 192 * 1024 * 1024 });
 * ```
 * @category Connection
 */
export function setCompressionBudget(budget: CompressionBudget): void {
  checkOptionNames("set the budget of compression", budget, NAMES);
  const compressors = checkInteger(budget, "compressors", sharedEngine.compressors, 0, MAX);
  const inflating = checkInteger(budget, "inflating", sharedEngine.inflations.limit, 0, MAX);
  sharedEngine.compressors = compressors;
  sharedEngine.inflations.limit = inflating;
}
