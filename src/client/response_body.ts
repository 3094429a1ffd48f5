import type { HeadFields } from "../handshake/head_fields.ts";
import type { Transport } from "../transport/transport.ts";

/** How much of a refusal's body is kept, in bytes. */
const MAX_BODY = 64 * 1024;

/**
 * Reads the start of the body that goes with a refusal: what `Content-Length` or chunks delimit, or up to the end of
 * the connection.
 *
 * @param transport Where it comes from.
 * @param fields The response's header fields.
 * @param early What has come with the head.
 * @returns At most 64 KiB; what was there where the connection fails meanwhile.
 */
export async function readBody(transport: Transport, fields: HeadFields, early: Uint8Array): Promise<Uint8Array> {
  const chunked = fields.get("transfer-encoding") !== null;
  const length = chunked ? null : fields.get("content-length");
  const most = Math.min(MAX_BODY, length === null ? MAX_BODY : Number(length) || 0);
  const body = new Uint8Array(MAX_BODY);
  body.set(early.subarray(0, most));
  let size = Math.min(early.length, most);
  try {
    while (size < most && !(chunked && dechunk(body.subarray(0, size)).done)) {
      const count = await transport.read(body.subarray(size, most));
      if (count === null) break;
      size += count;
    }
  } catch {
    // The connection has failed or the time is up: what has come so far tells more than nothing.
  }
  const received = body.slice(0, size);
  return chunked ? dechunk(received).body : received;
}

/** Takes the chunks of RFC 9112 §7.1 apart, as far as they have come. */
function dechunk(bytes: Uint8Array): { body: Uint8Array; done: boolean } {
  const body = new Uint8Array(bytes.length);
  let length = 0;
  let at = 0;
  for (;;) {
    const line = bytes.indexOf(0x0a, at);
    const size = line < 0 ? NaN : parseInt(String.fromCharCode(...bytes.subarray(at, Math.min(line, at + 8))), 16);
    if (Number.isNaN(size) || size === 0) return { body: body.slice(0, length), done: size === 0 };
    const part = bytes.subarray(line + 1, line + 1 + size);
    body.set(part, length);
    length += part.length;
    at = line + 1 + size + 2;
  }
}
