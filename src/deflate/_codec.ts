import { MODULE } from "./_module.ts";

/** The exports of src/deflate/wasm/; addresses and counts are in bytes. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  heapStart(): number;
  inputStart(): number;
  outputStart(): number;

  deflaterSize(windowBits: number, memLevel: number): number;
  makeDeflater(slot: number, windowBits: number, memLevel: number, level: number): void;
  forget(slot: number): void;
  deflaterInput(slot: number, count: number): number;
  deflate(slot: number, count: number, left: number, last: boolean): number;
  leftBits(): number;

  inflaterSize(windowBits: number): number;
  makeInflater(slot: number, windowBits: number): void;
  inflaterBytes(slot: number): number;
  inflaterLength(slot: number): number;
  setHistory(slot: number, length: number): void;
  beginMessage(slot: number): void;
  inflate(slot: number, count: number, last: boolean, limit: number): number;
  inputUsed(slot: number): number;
  outputReady(slot: number): number;
  takeOutput(slot: number): void;
  workDone(slot: number): number;
}

const PAGE = 64 * 1024;

/** Addresses are multiples of this, the size of a cache line. */
const ALIGNMENT = 64;

/** The module is shared; compiling it takes a millisecond. */
let compiled: WebAssembly.Module | null = null;

/**
 * The engine that compresses and inflates, with the memory that it works in.
 *
 * That memory never shrinks, so it is lent in slots that are reused: see {@linkcode SlotPool}.
 */
export class Codec {
  /** The functions. */
  readonly run: Exports;
  /** Where `inflate` reads. */
  readonly input: number;
  /** Where `deflate` writes. */
  readonly output: number;
  #bytes: Uint8Array<ArrayBuffer>;
  #next: number;

  /** Loads the engine, which needs no permission, file or network. */
  constructor() {
    compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(MODULE));
    this.run = new WebAssembly.Instance(compiled).exports as unknown as Exports;
    this.input = this.run.inputStart();
    this.output = this.run.outputStart();
    this.#bytes = new Uint8Array(this.run.memory.buffer as ArrayBuffer);
    this.#next = align(this.run.heapStart());
  }

  /** All of the memory: a new object once the memory has grown. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes;
  }

  /**
   * Reserves memory, for good.
   *
   * @param size The size in bytes.
   * @returns Its address.
   * @throws {RangeError} If the system has no more.
   */
  allocate(size: number): number {
    const address = this.#next;
    const end = align(address + size);
    const missing = end - this.#bytes.length;
    if (missing > 0) {
      this.run.memory.grow(Math.ceil(missing / PAGE));
      this.#bytes = new Uint8Array(this.run.memory.buffer as ArrayBuffer);
    }
    this.#next = end;
    return address;
  }
}

function align(address: number): number {
  return Math.ceil(address / ALIGNMENT) * ALIGNMENT;
}
