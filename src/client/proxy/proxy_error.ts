import { ErrorCode } from "../../errors.ts";
import { HandshakeError, type HandshakeErrorOptions } from "../../handshake_error.ts";
import type { Proxy } from "./proxy.ts";

/**
 * Creates the error for a proxy that can't be reached, refuses, or breaks a rule. It names the proxy without
 * credentials.
 *
 * @param proxy The proxy.
 * @param what What happened, to follow the proxy's name.
 * @param options The proxy's response, and the cause.
 * @returns The error.
 */
export function proxyError({ name }: Proxy, what: string, options: HandshakeErrorOptions = {}): HandshakeError {
  return new HandshakeError(`The proxy ${name} ${what}`, { ...options, code: ErrorCode.PROXY_FAILED });
}
