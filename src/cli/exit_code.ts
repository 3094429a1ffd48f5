import { CloseCode } from "../close_code.ts";
import { ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";

/** The program's exit codes. */
export const ExitCode = {
  /** The conversation has ended cleanly. */
  CLEAN: 0,
  /** The command line, or a line of the input, is invalid. */
  USAGE: 1,
  /** The server, or a proxy on the way, can't be reached. */
  NOT_REACHED: 2,
  /** The server refuses the WebSocket, or breaks a rule of the handshake. */
  REFUSED: 3,
  /** The connection has ended without a closing handshake. */
  LOST: 4,
  /** It was closed with a code other than 1000 and 1005. */
  CLOSED: 5,
} as const;

/** One of the values of {@linkcode ExitCode}. */
export type ExitCode = typeof ExitCode[keyof typeof ExitCode];

/**
 * Maps the end of a connection to an exit code.
 *
 * @param info The code and the reason.
 * @returns The exit code.
 */
export function exitCodeOf({ code }: CloseInfo): ExitCode {
  if (code === CloseCode.NORMAL_CLOSURE || code === CloseCode.NO_STATUS_RECEIVED) return ExitCode.CLEAN;
  return code === CloseCode.ABNORMAL_CLOSURE ? ExitCode.LOST : ExitCode.CLOSED;
}

/**
 * Maps the error of a connection that didn't open to an exit code.
 *
 * @param error The error.
 * @returns The exit code.
 */
export function exitCodeOfFailure(error: unknown): ExitCode {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError) return ExitCode.USAGE;
  if (!(error instanceof HandshakeError)) return ExitCode.NOT_REACHED;
  const answered = error.code === ErrorCode.HANDSHAKE_FAILED;
  return answered ? ExitCode.REFUSED : ExitCode.NOT_REACHED;
}
