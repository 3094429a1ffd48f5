import { checkField, type Field } from "../http/format_head.ts";

/** Header fields that a handshake writes itself, with what a caller uses in their place. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ["connection", "nothing, it is always Upgrade"],
  ["upgrade", "nothing, it is always websocket"],
  ["content-length", "nothing, a handshake has no body"],
  ["transfer-encoding", "nothing, a handshake has no body"],
  ["sec-websocket-key", "nothing, it is made for each connection"],
  ["sec-websocket-accept", "nothing, it is computed from the key"],
  ["sec-websocket-version", "nothing, it is always 13"],
  ["sec-websocket-protocol", "the subprotocol option, acceptProtocols"],
  ["sec-websocket-extensions", "the options of the extension"],
]);

/**
 * Checks the header fields that a caller adds to a handshake.
 *
 * `Host` is none of the reserved ones: a client behind a proxy needs its own.
 *
 * @param fields The fields, such as a web `Headers`.
 * @returns The fields, in order, each for itself.
 * @throws {TypeError} If one is the handshake's own, its name is no token, or its value holds CR, LF, NUL, another
 * control character or one above U+00FF.
 */
export function checkAdditionalFields(fields: Iterable<Field>): Field[] {
  const checked = [...fields];
  for (const [name, value] of checked) {
    checkField(name, value);
    const instead = reservedFor(name.toLowerCase());
    if (instead === undefined) continue;
    throw new TypeError(`Cannot add the header ${name} as it is the handshake's own: use ${instead}`);
  }
  return checked;
}

/** RFC 6455 §11.3 registers five names with this prefix; others would be of another version of the protocol. */
function reservedFor(name: string): string | undefined {
  return RESERVED.get(name) ?? (name.startsWith("sec-websocket-") ? "a name without Sec-WebSocket-" : undefined);
}
