/**
 * Messages that were cut off or corrupted, as zlib sees them and as we do.
 *
 *     deno task fuzz [--runs=20000] [--seed=1]        # 200 messages a run
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import { setImmediate } from "node:timers";
import { constants, deflateRawSync } from "node:zlib";
import { ProtocolError } from "../../protocol.ts";
import { damage, zlibDecode } from "../deflate/_oracle.ts";
import { makeDeflate, randomMessage } from "../deflate/_pair.ts";
import { Random } from "../support/random.ts";
import { fuzzTest } from "./_fuzz.ts";

/** How many messages are tried in one run. */
const MESSAGES = 200;

const ZLIB_SHAPES = [
  { level: 6, strategy: constants.Z_DEFAULT_STRATEGY },
  { level: 1, strategy: constants.Z_DEFAULT_STRATEGY },
  { level: 6, strategy: constants.Z_FIXED },
  { level: 6, strategy: constants.Z_HUFFMAN_ONLY },
  { level: 0, strategy: constants.Z_DEFAULT_STRATEGY },
] as const;

/** A message that zlib has compressed, in one of many shapes. */
function compressed(random: Random): Uint8Array {
  const message = randomMessage(random, random.next(random.pick([8, 60, 300, 2000])));
  if (random.next(5) === 0) return deflateRawSync(message, random.pick(ZLIB_SHAPES));
  const payload = deflateRawSync(message, { ...random.pick(ZLIB_SHAPES), finishFlush: constants.Z_SYNC_FLUSH });
  return payload.subarray(0, -4);
}

const context = { clientNoContextTakeover: true };

fuzzTest({
  name: "PerMessageDeflate accepts and refuses the same damaged messages as zlib",
  runs: 60,
  property: (fc) =>
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = new Random(seed);
      let extension = makeDeflate("server", context);
      for (let i = 0; i < MESSAGES; i++) {
        const payload = damage(random, compressed(random));
        const expected = zlibDecode(payload);
        let actual: Uint8Array | null = null;
        try {
          actual = extension.decode(payload.slice(), 2 ** 26) as Uint8Array;
        } catch (error) {
          if (!(error instanceof ProtocolError) || error.closeCode !== 1007) throw error;
          extension = makeDeflate("server", context);
        }
        const same = actual !== null && expected !== null
          ? Buffer.compare(actual, expected) === 0
          : actual === expected;
        if (!same) assertEquals(actual?.toHex(), expected?.toHex(), payload.toHex());
      }
      extension.close();
      // zlib is closed in a later turn.
      await new Promise((resolve) => void setImmediate(resolve));
    }),
});
