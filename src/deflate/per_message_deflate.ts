import type { MessageExtension } from "../protocol/extension.ts";
import type { Role } from "../protocol/protocol_options.ts";
import { concat } from "./_concat.ts";
import type { Deflater, DeflaterOptions } from "./_deflater.ts";
import { History } from "./_history.ts";
import { Inflation } from "./_inflation.ts";
import { PIECE } from "./_workspace.ts";
import { DEFLATE, type DeflateAgreement } from "./negotiation.ts";
import { compressWhole, type DeflateEngine } from "./engine.ts";
import type { DeflateSettings } from "./options.ts";

/** Up to this length in bytes a message is compressed at once; a longer one is, a piece in each turn. */
const AT_ONCE = 64 * 1024;

/** How many bytes are inflated in one turn, what was taken and what was made together: about 2 ms of work. */
const STEP = 256 * 1024;

/** What a {@linkcode PerMessageDeflate} is made from. */
export interface PerMessageDeflateSetup {
  /** Which side this is. */
  readonly role: Role;
  /** What was agreed on. */
  readonly agreement: DeflateAgreement;
  /** What was asked for. */
  readonly settings: DeflateSettings;
  /** What all connections share. */
  readonly engine: DeflateEngine;
}

/**
 * The extension permessage-deflate on one connection, RFC 7692 §7.2. It holds nothing until the first message goes
 * through it, a compressor from the first that is sent, and a window from the first that is received.
 */
export class PerMessageDeflate implements MessageExtension {
  /** `permessage-deflate`. */
  readonly name: string = DEFLATE;
  readonly #engine: DeflateEngine;
  readonly #threshold: number;
  readonly #options: DeflaterOptions;
  readonly #keepsOwn: boolean;
  readonly #keepsPeers: boolean;
  readonly #peersWindow: number;

  #deflater: Deflater | null = null;
  #history: History | null = null;
  /** The message that is being inflated over several turns. */
  #inflation: Inflation | null = null;
  /** What was inflated in this turn. */
  #inflated = 0;
  #deflateStep: (() => void) | null = null;
  #inflateStep: (() => void) | null = null;
  #closed = false;

  /** @param setup The role, the agreement and what is shared. */
  constructor(setup: PerMessageDeflateSetup) {
    const { role, agreement, settings } = setup;
    const isServer = role === "server";
    // A client keeps to what it asked for itself, also where the server didn't confirm it.
    const noTakeover = agreement.clientNoContextTakeover || (!isServer && settings.clientNoContextTakeover);
    const clientBits = Math.min(agreement.clientMaxWindowBits, (isServer ? null : settings.clientMaxWindowBits) ?? 15);
    const { level, memLevel } = settings;
    this.#engine = setup.engine;
    this.#threshold = settings.threshold;
    this.#options = { windowBits: isServer ? agreement.serverMaxWindowBits : clientBits, level, memLevel };
    this.#keepsOwn = !(isServer ? agreement.serverNoContextTakeover : noTakeover);
    this.#keepsPeers = !(isServer ? agreement.clientNoContextTakeover : agreement.serverNoContextTakeover);
    // zlib, asked for 8, compresses with 9; to inflate what it makes, there is always room for that.
    this.#peersWindow = 1 << Math.max(9, isServer ? agreement.clientMaxWindowBits : agreement.serverMaxWindowBits);
  }

  /** The memory that is held for the messages to come, in bytes. */
  get memory(): number {
    return (this.#deflater?.memory ?? 0) + (this.#history?.bytes.length ?? 0);
  }

  /** The window that this side compresses with, as a power of two: the peer has room for no more. */
  get windowBits(): number {
    return this.#options.windowBits;
  }

  /**
   * Forgets what was sent, so that the next message refers to nothing before it. The peer need not know.
   *
   * Call it when a payload of {@linkcode compressStandalone} is sent in place of an encoded message: the peer's window
   * then holds bytes that this side's compressor has not seen.
   */
  forget(): void {
    this.#deflater?.forget();
  }

  /** Tells whether a message is as long as the threshold. */
  wants(length: number): boolean {
    return length >= this.#threshold;
  }

  /** A fixed code may turn 8 bits into 9, and small stored blocks add some bytes each. */
  maxPayload(maxLength: number): number {
    return maxLength + Math.ceil(maxLength / 8) + 1024;
  }

  /** Compresses a message, §7.2.1. */
  encode(payload: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const deflater = this.#keepsOwn ? this.#ownDeflater() : this.#engine.borrow(this.#options);
    if (payload.length > AT_ONCE) return this.#encodeInTurns(deflater, payload);
    const encoded = compressWhole(deflater, payload);
    this.#release(deflater);
    return encoded;
  }

  #ownDeflater(): Deflater {
    return this.#deflater ??= this.#engine.makeDeflater(this.#options);
  }

  #release(deflater: Deflater): void {
    if (!this.#keepsOwn) this.#engine.release(deflater, this.#options);
  }

  #encodeInTurns(deflater: Deflater, payload: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const pieces: Uint8Array[] = [];
    let at = 0;
    const step = this.#deflateStep = () => {
      const piece = payload.subarray(at, at += PIECE);
      pieces.push(deflater.deflate(piece, at >= payload.length));
      if (at < payload.length) return this.#engine.turns.add(step);
      this.#deflateStep = null;
      this.#release(deflater);
      resolve(concat(pieces));
    };
    step();
    return promise;
  }

  /** Inflates a message, §7.2.2: at once, or a step in each turn where it takes longer. */
  decode(payload: Uint8Array, maxLength: number): Uint8Array | Promise<Uint8Array> {
    const history = this.#keepsPeers ? this.#history ??= new History(this.#peersWindow) : null;
    const { workspaces } = this.#engine;
    const inflation = this.#inflation = new Inflation({ payload, maxLength, history, workspaces });
    if (this.#step()) return this.#finish(payload.length);
    return this.#decodeInTurns(payload.length, inflation);
  }

  /** Goes on with the message; a fault ends it. */
  #step(): boolean {
    try {
      return this.#inflation!.step(STEP - this.#inflated);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #finish(taken: number): Uint8Array {
    const message = this.#inflation!.take();
    this.#inflation!.close();
    this.#inflation = null;
    this.#history?.append(message);
    this.#inflated += taken + message.length;
    return message;
  }

  #decodeInTurns(taken: number, inflation: Inflation): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    const { turns } = this.#engine;
    const step = this.#inflateStep = () => {
      if (this.#inflation !== inflation) return;
      this.#inflated = 0;
      try {
        if (!this.#step()) return turns.add(step);
      } catch (error) {
        return reject(error);
      }
      this.#inflateStep = null;
      resolve(this.#finish(taken));
      this.#inflated = 0;
    };
    turns.add(step);
    return promise;
  }

  /** Frees the compressor, the window and what is under way; answers that are due don't come any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#deflateStep !== null) this.#engine.turns.delete(this.#deflateStep);
    if (this.#inflateStep !== null) this.#engine.turns.delete(this.#inflateStep);
    this.#inflation?.close();
    this.#deflateStep = null;
    this.#inflateStep = null;
    this.#inflation = null;
    this.#deflater = null;
    this.#history = null;
  }
}
