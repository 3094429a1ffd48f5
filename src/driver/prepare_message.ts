import { checkOptionNames } from "../check_options.ts";
import { type MessageData, toBytes, toText } from "../connection/message_data.ts";
import { PreparedMessage } from "../protocol/prepared_message.ts";

/**
 * How a message is prepared.
 *
 * @example A token, which must not be compressed together with text that others choose
 * ```ts
 * import { prepareMessage, type PrepareMessageOptions } from "@wsd/driver/client";
 *
 * const options: PrepareMessageOptions = { type: "text", compress: false };
 * prepareMessage(new TextEncoder().encode("token=1234"), options);
 * ```
 * @category Broadcast
 */
export interface PrepareMessageOptions {
  /**
   * What to send the data as.
   *
   * @default {"text" for a string, "binary" for bytes}
   */
  type?: "text" | "binary";
  /**
   * How connections with compression send it: `"shared"` compresses once for all of them, without the context of
   * earlier messages; `"each"` compresses on every connection, with its context; false doesn't compress.
   *
   * @default {"shared"}
   */
  compress?: "shared" | "each" | false;
}

/**
 * Prepares a message for sending on many connections: it is copied, encoded, framed and compressed once, whatever each
 * connection has negotiated. {@linkcode broadcast} does this by itself.
 *
 * A message compressed for all doesn't refer to earlier messages, and a connection's next message doesn't refer to any
 * before it. That takes a few more bytes than compressing on each connection, and a fraction of the time.
 *
 * @param data Text, or bytes, which are copied.
 * @param options The type, and how to compress.
 * @returns The message, for {@linkcode WebSocketDriver.send}.
 * @throws {TypeError} If the data is neither text nor bytes, or an option is of the wrong type.
 *
 * @example A loop of your own
 * ```ts
 * import { prepareMessage, type WebSocketDriver } from "@wsd/driver";
 *
 * export function announce(connections: Iterable<WebSocketDriver>, text: string): void {
 *   const message = prepareMessage(text);
 *   for (const ws of connections) if (ws.desiredSize > 0) ws.send(message);
 * }
 * ```
 * @category Broadcast
 */
export function prepareMessage(data: MessageData, options: PrepareMessageOptions = {}): PreparedMessage {
  checkOptionNames("prepare a message", options, { type: true, compress: true });
  const { type = typeof data === "string" ? "text" : "binary", compress = "shared" } = options;
  checkType("prepare a message", type);
  checkCompress("prepare a message", compress);
  return prepare(data, type, compress);
}

/**
 * Prepares a message whose options were checked.
 *
 * @param data Text or bytes.
 * @param type What to send it as.
 * @param compress How to compress.
 * @returns The message.
 * @throws {TypeError} If the data is neither text nor bytes.
 */
export function prepare(
  data: MessageData,
  type: "text" | "binary",
  compress: "shared" | "each" | false,
): PreparedMessage {
  return new PreparedMessage(type === "text" ? toText(data, "send") : toBytes(data, "send"), compress);
}

/**
 * Checks the type of a message.
 *
 * @param what The operation, for the error.
 * @param type The type.
 * @throws {TypeError} If it is invalid.
 */
export function checkType(what: string, type: unknown): void {
  if (type === undefined || type === "text" || type === "binary") return;
  throw new TypeError(`Cannot ${what}: type must be "text" or "binary", received ${String(type)}`);
}

/**
 * Checks how a message is to be compressed.
 *
 * @param what The operation, for the error.
 * @param compress The option.
 * @throws {TypeError} If it is invalid.
 */
export function checkCompress(what: string, compress: unknown): void {
  if (compress === undefined || compress === "shared" || compress === "each" || compress === false) return;
  throw new TypeError(`Cannot ${what}: compress must be "shared", "each" or false, received ${String(compress)}`);
}
