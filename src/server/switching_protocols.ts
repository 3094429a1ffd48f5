import type { Field } from "../http/format_head.ts";

/**
 * Makes the answer to an accepted handshake. RFC 9110 §15.2.2.
 *
 * @param fields Its header fields.
 * @returns The 101.
 */
export function switchingProtocols(fields: readonly Field[]): Response {
  return new Response(null, { status: 101, headers: fields as [string, string][] });
}
