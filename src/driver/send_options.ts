import type { Connection, FragmentSender } from "../connection/connection.ts";
import { controlPayload, type MessageData, toBytes, toText } from "../connection/message_data.ts";

/**
 * How a message is sent.
 *
 * @example Send a part of what one has, uncompressed, and know when it has left
 * ```ts
 * import { makePair, type SendOptions } from "@wsd/driver";
 * import { assertEquals } from "@std/assert";
 *
 * await using pair = await makePair({ perMessageDeflate: true });
 * const received = new Promise((resolve) => pair.server.once("message", resolve));
 * await new Promise<void>((callback) => {
 *   const options: SendOptions = { start: 7, compress: false, callback };
 *   pair.client.send("secret=1234", options);
 * });
 * assertEquals(await received, "1234");
 * ```
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
   * False sends this message as it is, though the connection compresses: where it holds a secret beside text that an
   * attacker may choose, its compressed length would tell the secret (docs/compression.md).
   *
   * @default {true}
   */
  compress?: boolean;
  /** Runs when the bytes were handed to the system. */
  callback?: () => void;
}

/**
 * Takes the part of the data that the options name.
 *
 * @param data The whole.
 * @param options Where the part begins and ends.
 * @returns The part.
 * @throws {RangeError} Where it is not within the whole.
 */
export function slice(data: MessageData, { start, end }: SendOptions): MessageData {
  if (start === undefined && end === undefined) return data;
  const whole = typeof data === "string" ? data : toBytes(data, "send");
  const from = start ?? 0;
  const to = end ?? whole.length;
  if (!Number.isInteger(from) || !Number.isInteger(to) || from < 0 || to < from || to > whole.length) {
    throw new RangeError(
      `Cannot send a part that is not within the data: received start ${from} and end ${to} of ${whole.length}`,
    );
  }
  return typeof whole === "string" ? whole.slice(from, to) : whole.subarray(from, to);
}

/** What is to be done with a connection, now or once it is open. */
export interface SendStep {
  /** What is sent. */
  readonly data: string | Uint8Array;
  /** Does it; false where the connection didn't take it. */
  readonly step: (connection: Connection) => boolean;
  /** What it is, where not every connection can do it. */
  readonly what?: string;
}

/**
 * Makes the step that sends data.
 *
 * @param type What to send it as.
 * @param data The data.
 * @param options Whether to compress it, and whether it has to wait: then it is copied, for by then the caller may have
 * changed it.
 * @returns The step.
 * @throws {TypeError} Where the data or the type is not what can be sent.
 * @throws {RangeError} Where the payload of a Pong is too long.
 */
export function compose(
  type: "text" | "binary" | "pong",
  data: MessageData,
  { compress, waits }: { compress: boolean; waits: boolean },
): SendStep {
  switch (type) {
    case "text": {
      const text = toText(data, "send");
      return { data: text, step: (connection) => connection.sendText(text, compress) };
    }
    case "binary": {
      const view = toBytes(data, "send");
      const bytes = waits ? view.slice() : view;
      return { data: bytes, step: (connection) => connection.sendBinary(bytes, compress) };
    }
    case "pong": {
      const bytes = controlPayload(data, "send a Pong");
      return { data: bytes, step: (connection) => connection.sendPong(bytes), what: "send a Pong" };
    }
    default:
      throw new TypeError(
        `Cannot send as the type says: received ${type}, expected "text", "binary", "ping", "pong" or "close"`,
      );
  }
}

/**
 * Composes a message that is sent in fragments.
 *
 * @param onTurn Called when it is its turn.
 * @returns What to do with the connection.
 */
export function fragments(onTurn: (sender: FragmentSender) => void): SendStep {
  return { data: "", step: (connection) => connection.sendFragments(onTurn), what: "send a message in fragments" };
}
