import { checkOptionNames } from "../check_options.ts";
import type { Connection } from "../connection/connection.ts";
import { controlPayload, type MessageData, toBytes, toText } from "../connection/message_data.ts";

/**
 * How a message is sent.
 *
 * @example Send part of a string, uncompressed, and know when it was written
 * ```ts
 * import { makePair, type SendOptions } from "@wsd/driver";
 *
 * await using pair = await makePair({ perMessageDeflate: true });
 * const received = new Promise((resolve) => pair.server.once("message", resolve));
 * await new Promise<void>((callback) => {
 *   const options: SendOptions = { start: 7, compress: false, callback };
 *   pair.client.send("secret=1234", options);
 * });
 * console.log(await received); // 1234
 * ```
 * @category Connection
 */
export interface SendOptions {
  /**
   * The start, in bytes, or in UTF-16 code units of a string.
   *
   * @default {0}
   */
  start?: number;
  /**
   * The end, in the same unit.
   *
   * @default {data.length}
   */
  end?: number;
  /**
   * What to send the data as: a message, or the payload of a control frame.
   *
   * @default {"text" for a string, "binary" for bytes}
   */
  type?: "text" | "binary" | "ping" | "pong" | "close";
  /**
   * The code of a Close, for `type: "close"`, whose data is the reason.
   *
   * @default {1000}
   */
  code?: number;
  /**
   * False sends this message uncompressed, even if the connection compresses. Use it for a secret next to text that an
   * attacker may choose: the compressed length would give the secret away (docs/compression.md).
   *
   * @default {true}
   */
  compress?: boolean;
  /** Called when the bytes were handed to the system. */
  callback?: () => void;
}

/** All option names. */
const SEND_OPTION_NAMES: Readonly<Record<keyof SendOptions, true>> = {
  start: true,
  end: true,
  type: true,
  code: true,
  compress: true,
  callback: true,
};

/**
 * Checks that options of `send` are known.
 *
 * @param options The caller's options.
 * @throws {TypeError} If they aren't an object, or contain an unknown name.
 */
export function checkSendOptions(options: SendOptions): void {
  if (typeof options === "function") {
    throw new TypeError("Cannot send: the options must be an object, received a function: write { callback }");
  }
  checkOptionNames("send", options, SEND_OPTION_NAMES);
}

/**
 * Checks options of `sendText` and `sendBinary`, and sets the type.
 *
 * @param options The caller's options.
 * @param type The type.
 * @returns The options, with the type.
 * @throws {TypeError} If they aren't an object, or contain an unknown name.
 */
export function withType(options: SendOptions, type: "text" | "binary"): SendOptions {
  checkSendOptions(options);
  return { ...options, type };
}

/**
 * Cuts the part out of the data that the options select.
 *
 * @param data All of the data.
 * @param options The start and the end.
 * @returns The part.
 * @throws {RangeError} If it is not within the data.
 */
export function slice(data: MessageData, { start, end }: SendOptions): MessageData {
  if (start === undefined && end === undefined) return data;
  const whole = typeof data === "string" ? data : toBytes(data, "send");
  const from = start ?? 0;
  const to = end ?? whole.length;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > whole.length) {
    throw new RangeError(
      `Cannot send the part: expected 0 <= start <= end <= ${whole.length}, received start ${from} and end ${to}`,
    );
  }
  return typeof whole === "string" ? whole.slice(from, to) : whole.subarray(from, to);
}

/** Something to do with a connection, now or once it is open. */
export interface SendStep {
  /** The bytes of a message or a control frame in it. */
  readonly bytes: number;
  /** Whether `backpressureLimit` applies to it; undefined for anything but a message, which always gets through. */
  readonly limited?: boolean;
  /** Runs the step; false if the connection didn't accept it. */
  readonly run: (connection: Connection) => boolean;
  /** The operation it needs that not every connection supports, to follow "Cannot". */
  readonly needs?: string;
}

/**
 * Creates the step that sends data.
 *
 * @param type What to send it as.
 * @param data The data.
 * @param options Whether to compress it, and whether it must wait: then it is copied, since the caller may change it
 * meanwhile.
 * @returns The step.
 * @throws {TypeError} If the data or the type can't be sent.
 * @throws {RangeError} If the payload of a Pong is too long.
 */
export function compose(
  type: "text" | "binary" | "pong",
  data: MessageData,
  { compress, waits }: { compress: boolean; waits: boolean },
): SendStep {
  switch (type) {
    case "text": {
      const text = toText(data, "send");
      const bytes = waits ? toBytes(text, "send").length : text.length;
      return { bytes, limited: text.length > 0, run: (connection) => connection.sendText(text, compress) };
    }
    case "binary": {
      const view = toBytes(data, "send");
      const bytes = waits ? view.slice() : view;
      return {
        bytes: bytes.length,
        limited: bytes.length > 0,
        run: (connection) => connection.sendBinary(bytes, compress),
      };
    }
    case "pong": {
      const bytes = controlPayload(data, "send a Pong");
      return { bytes: bytes.length, run: (connection) => connection.sendPong(bytes), needs: "send a Pong" };
    }
    default:
      throw new TypeError(
        `Cannot send: the type must be "text", "binary", "ping", "pong" or "close", received ${type}`,
      );
  }
}
