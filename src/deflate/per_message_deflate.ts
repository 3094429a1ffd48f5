import type { MessageExtension } from "../protocol/extension.ts";
import type { PreparedFrame, PreparedMessage } from "../protocol/prepared_message.ts";
import type { Role } from "../protocol/protocol_options.ts";
import { concat } from "./_concat.ts";
import { compressWhole, type Deflater, type DeflaterOptions, PIECE } from "./_deflater.ts";
import type { Inflater } from "./_inflater.ts";
import { type DeflateEngine, STEP } from "./engine.ts";
import { DEFLATE, type DeflateAgreement } from "./negotiation.ts";
import type { DeflateSettings } from "./options.ts";

/** Up to this length in bytes a message is compressed at once; a longer one in pieces, one per turn. */
const AT_ONCE = 64 * 1024;

/** How many bytes are inflated at once if long messages have reached their limit: short ones need not wait for them. */
const STEP_IF_FULL = 64 * 1024;

/** The smallest window for compressing a shared message, as a power of two, unless a connection has a smaller one. */
const MIN_SHARED_BITS = 9;

/** The options of a {@linkcode PerMessageDeflate}. */
export interface PerMessageDeflateSetup {
  /** Which side this is. */
  readonly role: Role;
  /** The result of the opening handshake. */
  readonly agreement: DeflateAgreement;
  /** The requested settings. */
  readonly settings: DeflateSettings;
  /** The engine that all connections share. */
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
  readonly #peersWindowBits: number;

  #deflater: Deflater | null = null;
  /** The compressor of a long message, if it is not the connection's own. */
  #borrowed: Deflater | null = null;
  #inflater: Inflater | null = null;
  /** How many bytes were inflated without giving others a turn. */
  #inflated = 0;
  /** Compresses the next piece of a long message. */
  #deflateTask: (() => void) | null = null;
  #closed = false;

  /** @param setup The role, the negotiated parameters and the engine. */
  constructor(setup: PerMessageDeflateSetup) {
    const { role, agreement, settings } = setup;
    const isServer = role === "server";
    // A client honors its own request, even if the server didn't confirm it.
    const noTakeover = agreement.clientNoContextTakeover || (!isServer && settings.clientNoContextTakeover);
    const clientBits = Math.min(agreement.clientMaxWindowBits, (isServer ? null : settings.clientMaxWindowBits) ?? 15);
    const { level, memLevel } = settings;
    this.#engine = setup.engine;
    this.#threshold = settings.threshold;
    this.#options = { windowBits: isServer ? agreement.serverMaxWindowBits : clientBits, level, memLevel };
    this.#keepsOwn = !(isServer ? agreement.serverNoContextTakeover : noTakeover);
    this.#keepsPeers = !(isServer ? agreement.clientNoContextTakeover : agreement.serverNoContextTakeover);
    // zlib, asked for 8, compresses with 9; there is always room to inflate that.
    this.#peersWindowBits = Math.max(9, isServer ? agreement.clientMaxWindowBits : agreement.serverMaxWindowBits);
  }

  /** The memory that is held for future messages, in bytes. */
  get memory(): number {
    return (this.#deflater?.memory ?? 0) + (this.#inflater?.memory ?? 0);
  }

  /** The window that this side compresses with, as a power of two: the peer has room for no more. */
  get windowBits(): number {
    return this.#options.windowBits;
  }

  /**
   * Forgets what was sent, so that the next message refers to nothing before it. The peer need not know.
   *
   * Call it when a payload of {@linkcode DeflateEngine.compress} is sent in place of an encoded message: the peer's
   * window then holds bytes that this side's compressor has not seen.
   */
  forget(): void {
    this.#deflater?.forget();
  }

  /** Checks whether a message is at least as long as the threshold. */
  wants(length: number): boolean {
    return length >= this.#threshold;
  }

  /** A fixed code may turn 8 bits into 9, and small stored blocks add some bytes each. */
  maxPayload(maxLength: number): number {
    return maxLength + Math.ceil(maxLength / 8) + 1024;
  }

  /** Compresses a message, §7.2.1. */
  encode(payload: Uint8Array): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    if (payload.length > AT_ONCE) return this.#encodeInTurns(payload);
    if (!this.#keepsOwn) return this.#engine.compress(payload, this.#options);
    return compressWhole(this.#ownDeflater(), payload);
  }

  /**
   * Compresses a message once for all compatible connections, with or without context takeover, and forgets the
   * context: then the peer's window contains bytes that this side's compressor has not seen.
   *
   * A window longer than the message doesn't help, so connections that differ only in that share the result.
   */
  encodeShared(message: PreparedMessage): PreparedFrame {
    const { windowBits, level, memLevel } = this.#options;
    const bits = Math.min(windowBits, Math.max(MIN_SHARED_BITS, 32 - Math.clz32(message.payload.length)));
    const options = { windowBits: bits, level, memLevel };
    const frame = message.encoded(`${this.name} ${bits}`, (payload) => this.#engine.compress(payload, options));
    this.forget();
    return frame;
  }

  #ownDeflater(): Deflater {
    return this.#deflater ??= this.#engine.makeDeflater(this.#options);
  }

  async #encodeInTurns(payload: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#keepsOwn) return await this.#deflateInTurns(this.#ownDeflater(), payload);
    const deflater = this.#borrowed = this.#engine.borrow(this.#options);
    const encoded = await this.#deflateInTurns(deflater, payload);
    if (this.#borrowed === null) return encoded;
    this.#borrowed = null;
    this.#engine.release(deflater, this.#options);
    return encoded;
  }

  #deflateInTurns(deflater: Deflater, payload: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    const { length } = payload;
    const pieces: Uint8Array[] = [];
    let at = 0;
    const task = this.#deflateTask = () => {
      try {
        if (payload.length !== length) throw detached(length);
        const piece = payload.subarray(at, at += PIECE);
        pieces.push(deflater.deflate(piece, at >= length));
        if (at < length) return this.#engine.scheduler.add(task);
        this.#deflateTask = null;
        resolve(concat(pieces));
      } catch (error) {
        this.#deflateTask = null;
        deflater.close();
        reject(error);
      }
    };
    task();
    return promise;
  }

  /** Inflates a message, §7.2.2: at once, or a step in each turn if it takes longer. */
  decode(payload: Uint8Array, maxLength: number): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    // An empty payload would be a truncated stream, but other implementations treat it as an empty message.
    if (payload.length === 0) return new Uint8Array(0);
    const inflater = this.#inflater ??= this.#engine.makeInflater(this.#peersWindowBits, this.#keepsPeers);
    try {
      inflater.begin(payload, maxLength);
      const most = this.#engine.inflations.full ? STEP_IF_FULL : STEP;
      const message = inflater.step(most - this.#inflated);
      if (message === null) return this.#decodeInTurns(inflater);
      this.#inflated += payload.length + message.length;
      return message;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #decodeInTurns(inflater: Inflater): Promise<Uint8Array<ArrayBuffer>> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array<ArrayBuffer>>();
    this.#engine.inflations.add({
      inflater,
      resolve: (message) => {
        this.#inflated = 0;
        resolve(message);
      },
      reject: (error) => {
        this.close();
        reject(error);
      },
    });
    return promise;
  }

  /** Frees the compressor, the window and work in progress; pending results are dropped. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#deflateTask !== null) this.#engine.scheduler.delete(this.#deflateTask);
    if (this.#inflater !== null) this.#engine.inflations.delete(this.#inflater);
    this.#deflater?.close();
    this.#borrowed?.close();
    this.#inflater?.close();
    this.#deflateTask = null;
    this.#borrowed = null;
    this.#deflater = null;
    this.#inflater = null;
  }
}

/** A buffer that was transferred away is empty, so only part of it would be sent. */
function detached(length: number): TypeError {
  return new TypeError(
    `Cannot compress a message whose buffer was transferred before it was sent: expected its ${length} bytes, ` +
      "received none; send a copy",
  );
}
