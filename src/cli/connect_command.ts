import type { ClientOptions } from "../client/client.ts";
import { messageOf } from "../connection/message_of.ts";
import { CloseCode } from "../close_code.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import type { Command } from "./arguments.ts";
import { readBinary } from "./binary_notation.ts";
import { complain, type Console } from "./console.ts";
import { escapeControls } from "./escape.ts";
import type { CliEvent } from "./events.ts";
import { ExitCode, exitCodeOf, exitCodeOfFailure } from "./exit_code.ts";
import { onInterrupt } from "./on_interrupt.ts";
import { clientSession, reconnectingSession, type Session } from "./session.ts";
import { readTyped, TYPED_HELP } from "./typed_command.ts";

/** How many bytes of a refusal's body are shown. */
const MAX_BODY = 4096;

/**
 * Talks to a server: sends typed or piped lines, and shows events.
 *
 * @param command The command.
 * @param url The URL to connect to.
 * @param console The source of lines, and the output for events.
 * @returns The exit code.
 * @throws {TypeError} If the URL or an option is malformed.
 */
export function connectCommand(command: Command, url: string, console: Console): Promise<ExitCode> {
  return new Conversation(command, console).run(url);
}

/** One run of the command. */
class Conversation {
  readonly #command: Command;
  readonly #console: Console;
  /** Whether a line of the input could not be sent. */
  #misused = false;
  /** Whether the message of `--once` was shown: others may arrive with it. */
  #shownOne = false;

  constructor(command: Command, console: Console) {
    this.#command = command;
    this.#console = console;
  }

  async run(url: string): Promise<ExitCode> {
    const open = this.#command.reconnect ? reconnectingSession : clientSession;
    const session: Session = open(url, await clientOptions(this.#command), (event) => this.#onEvent(session, event));
    const end = () => session.close(CloseCode.NORMAL_CLOSURE);
    this.#console.outputGone.addEventListener("abort", () => session.terminate());
    const stopListening = onInterrupt(end);
    try {
      await session.start();
      const talking = this.#talk(session);
      const info = await session.closed;
      this.#console.close();
      await talking;
      return await this.#sayGoodbye(info);
    } catch (error) {
      return sayWhy(error);
    } finally {
      stopListening();
      this.#console.close();
    }
  }

  async #onEvent(session: Session, event: CliEvent): Promise<void> {
    if (event.type !== "message" || !this.#command.once) return await this.#console.show(event);
    if (this.#shownOne) return;
    this.#shownOne = true;
    await this.#console.show(event);
    session.close(CloseCode.NORMAL_CLOSURE);
  }

  /** Sends the input, and closes at its end. */
  async #talk(session: Session): Promise<void> {
    try {
      if (this.#command.binary === "raw") await session.sendAll(this.#console.bytes());
      else await this.#sendLines(session);
    } catch (error) {
      // The connection may have ended meanwhile, which is reported separately.
      if (!(error instanceof Error) || error.name !== "ConnectionError") this.#reject(error);
    }
    if (!this.#console.interactive) await this.#waitForAnswers(session);
    session.close(CloseCode.NORMAL_CLOSURE);
  }

  async #sendLines(session: Session): Promise<void> {
    for await (const line of this.#console.lines()) if (!await this.#take(session, line)) break;
  }

  async #waitForAnswers(session: Session): Promise<void> {
    const { wait } = this.#command;
    if (wait === Infinity) return void await session.closed;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeUp = new Promise<void>((resolve) => timer = setTimeout(resolve, wait));
    await Promise.race([session.closed, timeUp]);
    clearTimeout(timer);
  }

  /** Executes a line; false if no more can be sent. */
  async #take(session: Session, line: string): Promise<boolean> {
    try {
      if (!this.#console.interactive) return await session.send(this.#messageOf(line));
      return await this.#takeTyped(session, line);
    } catch (error) {
      this.#reject(error);
      return true;
    }
  }

  async #takeTyped(session: Session, line: string): Promise<boolean> {
    const typed = readTyped(line);
    if (typed.kind === "send") return await session.send(this.#messageOf(typed.text));
    if (typed.kind === "close") session.close(typed.code ?? CloseCode.NORMAL_CLOSURE, typed.reason);
    if (typed.kind === "help") await this.#note(TYPED_HELP);
    if (typed.kind === "unknown") await this.#note(`There is no /${typed.name}. ${TYPED_HELP}`);
    // Others may be typed before the answer comes.
    if (typed.kind === "ping") void this.#ping(session);
    return true;
  }

  async #ping(session: Session): Promise<void> {
    const told = await session.ping().then(
      (time) => `the Pong came after ${time.toFixed(1)} ms`,
      (error) => error.message,
    );
    await this.#note(told);
  }

  #messageOf(line: string): string | Uint8Array {
    const { binary } = this.#command;
    return binary === null || binary === "raw" ? line : readBinary(line, binary);
  }

  #reject(error: unknown): void {
    const message = messageOf(error);
    if (this.#console.interactive) return void this.#note(message);
    this.#misused = true;
    complain(escapeControls(message));
  }

  #note(text: string): Promise<void> {
    return this.#console.show({ type: "note", text });
  }

  async #sayGoodbye({ code, reason }: CloseInfo): Promise<ExitCode> {
    await this.#console.show({ type: "close", code, reason });
    // The reader of the output has seen enough, so the rest doesn't matter.
    if (this.#console.outputGone.aborted) return ExitCode.CLEAN;
    const exitCode = exitCodeOf({ code, reason });
    if (exitCode === ExitCode.CLEAN) return this.#misused ? ExitCode.USAGE : ExitCode.CLEAN;
    if (!this.#console.interactive) {
      const said = reason === "" ? "" : `: ${escapeControls(reason)}`;
      complain(exitCode === ExitCode.LOST ? "The connection was lost" : `The server closed with ${code}${said}`);
    }
    return exitCode;
  }
}

async function clientOptions(command: Command): Promise<ClientOptions> {
  const { protocols, headers, proxy, ca, compress, ping } = command;
  return {
    acceptProtocols: protocols,
    additionalHeaders: headers.map(([name, value]) => [name, value]),
    perMessageDeflate: compress,
    proxy,
    caCerts: await Promise.all(ca.map((file) => Deno.readTextFile(file))),
    ...(ping === undefined ? {} : { pingInterval: ping }),
  };
}

/** Escapes a refusal, whose text comes from the server. */
function sayWhy(error: unknown): ExitCode {
  complain(escapeControls(messageOf(error)));
  if (error instanceof HandshakeError && error.body.length > 0) {
    const body = new TextDecoder().decode(error.body.subarray(0, MAX_BODY));
    complain(body.trimEnd().split(/\r?\n/).map(escapeControls).join("\n"));
  }
  return exitCodeOfFailure(error);
}
