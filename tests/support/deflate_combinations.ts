import type { PerMessageDeflateOptions } from "../../mod.ts";

/** Every combination of the four parameters, each asked for or not. */
export const COMBINATIONS: readonly PerMessageDeflateOptions[] = Array.from({ length: 16 }, (_, bits) => ({
  ...(bits & 1 ? { serverNoContextTakeover: true } : {}),
  ...(bits & 2 ? { clientNoContextTakeover: true } : {}),
  ...(bits & 4 ? { serverMaxWindowBits: 9 } : {}),
  ...(bits & 8 ? { clientMaxWindowBits: 10 } : {}),
}));
