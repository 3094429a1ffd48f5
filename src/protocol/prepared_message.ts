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
 */
export interface PreparedFrame {
  /** FIN, the reserved bits and the opcode. */
  readonly first: number;
  /** The payload; a client masks a copy of it. */
  readonly payload: Uint8Array<ArrayBuffer>;
  /** The whole frame, as a server sends it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * A message that is sent on many connections, or many times: it is encoded, framed and compressed once.
 * {@linkcode prepareMessage} makes one.
 *
 * @example Greet everybody alike
 * ```ts
 * import { makePair, type PreparedMessage, prepareMessage } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * const greeting: PreparedMessage = prepareMessage("Welcome");
 *
 * await using pair = await makePair();
 * pair.server.send(greeting);
 * assertEquals(await new Promise((resolve) => pair.client.once("message", resolve)), "Welcome");
 * ```
 */
export class PreparedMessage {
  /** The message's type. */
  readonly type: "text" | "binary";
  /** How it is compressed: once for all connections, by each for itself, or not at all. */
  readonly compress: "shared" | "each" | false;
  /** Its bytes, which nobody changes. */
  readonly payload: Uint8Array<ArrayBuffer>;
  #text: string | null;
  #plain: PreparedFrame | null = null;
  #encoded: Map<string, PreparedFrame> | null = null;

  /**
   * Takes the bytes as they are: {@linkcode prepareMessage} checks and copies them.
   *
   * @param payload The message, in a buffer of its own; for text it is UTF-8.
   * @param text The message as a string, null for a binary one.
   * @param compress How it is compressed.
   */
  constructor(payload: Uint8Array<ArrayBuffer>, text: string | null, compress: "shared" | "each" | false) {
    this.type = text === null ? "binary" : "text";
    this.payload = payload;
    this.#text = text;
    this.compress = compress;
  }

  /** The message as who receives it gets it. */
  get data(): string | Uint8Array<ArrayBuffer> {
    return this.#text ?? this.payload;
  }

  /** The frame that carries it as it is. */
  get plain(): PreparedFrame {
    return this.#plain ??= frame(this.#opcode, this.payload);
  }

  /**
   * Gives the frame of an encoding, RFC 6455 §5.8, which is made once.
   *
   * @param key Names the encoding.
   * @param encode Makes its payload.
   * @returns The frame, with RSV1 set.
   */
  encoded(key: string, encode: (payload: Uint8Array) => Uint8Array): PreparedFrame {
    this.#encoded ??= new Map();
    let made = this.#encoded.get(key);
    if (made === undefined) this.#encoded.set(key, made = frame(RSV1 | this.#opcode, encode(this.payload)));
    return made;
  }

  get #opcode(): Opcode {
    return this.type === "text" ? Opcode.TEXT : Opcode.BINARY;
  }
}

function frame(opcode: number, payload: Uint8Array): PreparedFrame {
  const first = FIN | opcode;
  const header = headerSize(payload.length, false);
  const bytes = new Uint8Array(header + payload.length);
  writeHeader(bytes, 0, first, payload.length, false);
  bytes.set(payload, header);
  return { first, payload: bytes.subarray(header), bytes };
}
