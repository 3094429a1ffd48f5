import { checkField, type Field } from "../http/format_head.ts";

/** Header fields that a handshake sets itself, with what a caller must do instead. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ["connection", "leave it out, it is always Upgrade"],
  ["upgrade", "leave it out, it is always websocket"],
  ["content-length", "leave it out, a handshake has no body"],
  ["transfer-encoding", "leave it out, a handshake has no body"],
  ["sec-websocket-key", "leave it out, it is made for each connection"],
  ["sec-websocket-accept", "leave it out, it is computed from the key"],
  ["sec-websocket-version", "leave it out, it is always 13"],
  ["sec-websocket-protocol", "use the option acceptProtocols"],
  ["sec-websocket-extensions", "use the options of the extension"],
]);

/**
 * Checks the header fields that a caller adds to a handshake.
 *
 * `Host` is not reserved: a client behind a proxy may need its own.
 *
 * @param fields The fields, such as a web `Headers`.
 * @returns The fields, in order.
 * @throws {TypeError} If the handshake sets one itself, its name is not a token, or its value has CR, LF, NUL, another
 * control character or one above U+00FF.
 */
export function checkAdditionalFields(fields: Iterable<Field>): Field[] {
  const checked = [...fields];
  for (const [name, value] of checked) {
    checkField(name, value);
    const instead = reservedFor(name.toLowerCase());
    if (instead === undefined) continue;
    throw new TypeError(`Cannot add the header ${name}: the handshake sets it itself, ${instead}`);
  }
  return checked;
}

/** RFC 6455 §11.3 registers five names with this prefix; others would be of another version of the protocol. */
function reservedFor(name: string): string | undefined {
  return RESERVED.get(name) ?? (name.startsWith("sec-websocket-") ? "use a name without Sec-WebSocket-" : undefined);
}
