// @ts-nocheck: AssemblyScript
// The engine of compression: what JavaScript calls.
import { fillAlphabet } from "./alphabet.ts";
import { fillBlocks, leftBits, OUTPUT } from "./blocks.ts";
import { deflate, deflaterInput, deflaterSize, forget, makeDeflater } from "./deflate.ts";
import { inflate, INPUT } from "./inflate.ts";
import {
  beginMessage,
  inflaterBytes,
  inflaterLength,
  inflaterSize,
  inputUsed,
  makeInflater,
  outputReady,
  setHistory,
  takeOutput,
  workDone,
} from "./inflater_slot.ts";
import { fillDecodeTables } from "./decode_table.ts";

export { deflate, deflaterInput, deflaterSize, forget, leftBits, makeDeflater };
export {
  beginMessage,
  inflate,
  inflaterBytes,
  inflaterLength,
  inflaterSize,
  inputUsed,
  makeInflater,
  outputReady,
  setHistory,
  takeOutput,
  workDone,
};

fillAlphabet();
fillBlocks();
fillDecodeTables();

/** Where `deflate` writes. */
export function outputStart(): usize {
  return OUTPUT;
}

/** Where `inflate` reads. */
export function inputStart(): usize {
  return INPUT;
}

/** Where the memory begins that JavaScript gives out. */
export function heapStart(): usize {
  return __heap_base;
}
