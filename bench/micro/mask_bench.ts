/** How long masking takes, by the length of the payload and by its offset in its block. */
import { Block } from "../../src/protocol/block.ts";
import { applyMask, findNonAscii, unmaskText } from "../../src/protocol/mask.ts";

const KEY = 0x3d21fa37;

for (const length of [4, 16, 47, 48, 125, 256, 1024, 65536, 1 << 20]) {
  const block = new Block(length + 16);
  void block.words;
  void block.doubleWords;
  Deno.bench({ name: `applyMask() ${length} B`, group: `mask ${length}`, baseline: true }, () => {
    applyMask(block, 8, 8 + length, KEY);
  });
  Deno.bench({ name: `applyMask() ${length} B, unaligned`, group: `mask ${length}` }, () => {
    applyMask(block, 7, 7 + length, KEY);
  });
  Deno.bench({ name: `unmaskText() ${length} B`, group: `mask ${length}` }, () => {
    unmaskText(block, 8, 8 + length, KEY);
  });
  Deno.bench({ name: `findNonAscii() ${length} B`, group: `mask ${length}` }, () => {
    findNonAscii(block, 8, 8 + length);
  });
}
