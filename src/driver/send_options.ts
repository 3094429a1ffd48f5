import { type MessageData, toBytes } from "./data.ts";

/** How a message is sent. */
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
