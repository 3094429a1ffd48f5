import { FIN, headerSize, RSV1, writeHeader } from "./frame_header.ts";
import { Opcode } from "./opcode.ts";

/**
 * A frame that several connections send.
 *
 * @example See what an encoding saves
 * ```ts
 * import type { PreparedFrame } from "@wsd/driver/protocol";
 *
 * export const saved = (plain: PreparedFrame, encoded: PreparedFrame): number => plain.bytes.length - encoded.bytes.length;
 * ```
 * @category Protocol
 */
export interface PreparedFrame {
  /** FIN, the reserved bits and the opcode. */
  readonly first: number;
  /** The payload; a client masks a copy of it. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** The complete frame, as a server sends it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * A message that is sent on many connections, or many times: it is encoded, framed and compressed once.
 * {@linkcode prepareMessage} creates one.
 *
 * @example Greet everyone alike
 * ```ts
 * import { makePair, type PreparedMessage, prepareMessage } from "@wsd/driver";
 *
 * const greeting: PreparedMessage = prepareMessage("Welcome");
 *
 * await using pair = await makePair();
 * pair.server.send(greeting);
 * console.log(await new Promise((resolve) => pair.client.once("message", resolve))); // Welcome
 * ```
 * @category Broadcast
 */
export class PreparedMessage {
  /** The message's type. */
  readonly type: "text" | "binary";
  /** How it is compressed: once for all connections, separately by each, or not at all. */
  readonly compress: "shared" | "each" | false;
  /** The frame that carries it unencoded. */
  readonly plain: PreparedFrame;
  readonly #text: string | null;
  #encoded: Map<string, PreparedFrame> | null = null;

  /**
   * Copies the message: {@linkcode prepareMessage} checks it first.
   *
   * @param data Text, or bytes.
   * @param compress How it is compressed.
   */
  constructor(data: string | Uint8Array, compress: "shared" | "each" | false) {
    const isText = typeof data === "string";
    this.type = isText ? "text" : "binary";
    this.#text = isText ? data : null;
    this.compress = compress;
    this.plain = isText ? frameText(data) : frame(Opcode.BINARY, data);
  }

  /** Its bytes, which never change. */
  get payload(): Uint8Array<ArrayBuffer> {
    return this.plain.payload;
  }

  /** The message as its receiver gets it. */
  get data(): string | Uint8Array<ArrayBuffer> {
    return this.#text ?? this.payload;
  }

  /**
   * Returns the frame of an encoding, RFC 6455 §5.8, which is created once.
   *
   * @param key Identifies the encoding.
   * @param encode Creates its payload.
   * @returns The frame, with RSV1 set.
   */
  encoded(key: string, encode: (payload: Uint8Array) => Uint8Array): PreparedFrame {
    this.#encoded ??= new Map();
    let made = this.#encoded.get(key);
    if (made === undefined) this.#encoded.set(key, made = frame(RSV1 | this.plain.first, encode(this.payload)));
    return made;
  }
}

const encoder = new TextEncoder();

/** Most text is ASCII: then it is encoded right after the header. */
function frameText(text: string): PreparedFrame {
  const made = makeFrame(Opcode.TEXT, text.length);
  const { read, written } = encoder.encodeInto(text, made.payload);
  return read === text.length && written === text.length ? made : frame(Opcode.TEXT, encoder.encode(text));
}

function frame(opcode: number, payload: Uint8Array): PreparedFrame {
  const made = makeFrame(opcode, payload.length);
  made.payload.set(payload);
  return made;
}

function makeFrame(opcode: number, length: number): PreparedFrame {
  const first = FIN | opcode;
  const header = headerSize(length, false);
  const bytes = new Uint8Array(header + length);
  writeHeader(bytes, 0, first, length, false);
  return { first, payload: bytes.subarray(header), bytes };
}
