import { checkOptionNames } from "../check_options.ts";
import type { Connection } from "../connection/connection.ts";
import { controlPayload, type MessageData, toBytes, toText } from "../connection/message_data.ts";

/**
 * How a message is sent.
 *
 * @example Send a part of a string, uncompressed, and know when it has left
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
   * Where to begin: in bytes, or in UTF-16 code units of a string.
   *
   * @default {0}
   */
  start?: number;
  /**
   * Where to end, in the same unit.
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
   * False sends this message uncompressed, even if the connection compresses: if it holds a secret beside text that an
   * attacker may choose, its compressed length would give the secret away (docs/compression.md).
   *
   * @default {true}
   */
  compress?: boolean;
  /** Runs when the bytes were handed to the system. */
  callback?: () => void;
}

/** Every option there is. */
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
 * @param options What the caller gave.
 * @throws {TypeError} If they aren't an object, or hold an unknown name.
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
 * @param options What the caller gave.
 * @param type The type.
 * @returns The options, with the type.
 * @throws {TypeError} If they aren't an object, or hold an unknown name.
 */
export function withType(options: SendOptions, type: "text" | "binary"): SendOptions {
  checkSendOptions(options);
  return { ...options, type };
}

/**
 * Takes the part of the data that the options name.
 *
 * @param data The whole.
 * @param options Where the part begins and ends.
 * @returns The part.
 * @throws {RangeError} If it is not within the whole.
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
  /** Whether `backpressureLimit` holds for it; undefined for what isn't a message and always gets through. */
  readonly limited?: boolean;
  /** Does it; false if the connection didn't take it. */
  readonly run: (connection: Connection) => boolean;
  /** What it needs that not every connection can do, to follow "Cannot". */
  readonly needs?: string;
}

/**
 * Makes the step that sends data.
 *
 * @param type What to send it as.
 * @param data The data.
 * @param options Whether to compress it, and whether it has to wait: then it is copied, since the caller may have
 * changed it by then.
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
