import { messageOf } from "../connection/message_of.ts";
import { type Command, parseArguments } from "./arguments.ts";
import { connectCommand } from "./connect_command.ts";
import { complain, type Console } from "./console.ts";
import { escapeControls } from "./escape.ts";
import { type FormatEvent, jsonFormat, pipeFormat, terminalFormat } from "./events.ts";
import { ExitCode, exitCodeOfFailure } from "./exit_code.ts";
import { listenCommand } from "./listen_command.ts";
import { PipeConsole } from "./pipe_console.ts";
import { TerminalConsole } from "./terminal_console.ts";
import { USAGE, UsageError } from "./usage.ts";

/**
 * Runs the command line: connects to a WebSocket server, or is one, using standard input and output.
 *
 * @param args The arguments, such as `Deno.args`; `--help` prints all options.
 * @returns The exit code: 0 clean, 1 wrong usage, 2 not reached, 3 refused, 4 lost, 5 closed with a code other than
 * 1000 and 1005.
 *
 * @example Wrap it in your own command
 * ```ts ignore
 * import { main } from "@wsd/driver/cli";
 *
 * Deno.exit(await main(["--json", "wss://example.com/", ...Deno.args]));
 * ```
 * @category Command line
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const command = parseArguments(args);
    if (command === null) {
      Deno.stdout.writeSync(new TextEncoder().encode(USAGE));
      return ExitCode.CLEAN;
    }
    return await run(command);
  } catch (error) {
    complain(escapeControls(messageOf(error)));
    if (error instanceof UsageError) complain("Try --help");
    return error instanceof UsageError ? ExitCode.USAGE : exitCodeOfFailure(error);
  }
}

function run(command: Command): Promise<ExitCode> {
  const console = openConsole(command);
  if (command.listen !== null) return listenCommand(command, command.listen, console);
  return connectCommand(command, command.url!, console);
}

/** There is a prompt only if somebody both types and reads: not for `… | wsd URL`, and not for `wsd URL | …`. */
function openConsole({ binary, json }: Command): Console {
  const [types, reads] = [Deno.stdin.isTerminal(), Deno.stdout.isTerminal()];
  if (binary === "raw" && (types || reads)) {
    throw new UsageError("--binary raw needs pipes or files as its input and output: on a terminal, use hex or base64");
  }
  const format: FormatEvent = json
    ? jsonFormat(binary)
    : reads
    ? terminalFormat(binary, !Deno.noColor)
    : pipeFormat(binary);
  return types && reads ? new TerminalConsole(format) : new PipeConsole(format);
}
