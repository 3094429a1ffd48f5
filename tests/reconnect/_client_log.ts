import { ErrorCode, HandshakeError, WebSocketError } from "../../client.ts";
import type { ConnectionFailure, ReconnectingClientOptions } from "../../client.ts";
import { ReconnectingClient } from "../../src/client/reconnecting_client.ts";
import type { UrlSource } from "../../src/client/url_source.ts";
import { TestEnvironment } from "./_environment.ts";

/**
 * Makes a reconnecting client that waits by a clock of the test's: each wait is over as soon as it has begun, and counts
 * as if it had passed.
 *
 * @param source Where to connect to.
 * @param options How.
 * @param environment The time and the chance.
 * @returns The client, what it has told, and the time.
 */
export function impatientClient(
  source: UrlSource,
  options: ReconnectingClientOptions = {},
  environment: TestEnvironment = new TestEnvironment(),
): { ws: ReconnectingClient; log: ClientLog; environment: TestEnvironment } {
  const ws = new ReconnectingClient(source, options, environment);
  const log = new ClientLog(ws);
  ws.on("waiting", ({ delay }) => queueMicrotask(() => environment.pass(delay)));
  return { ws, log, environment };
}

/** Writes down what a reconnecting client tells, one line an event. */
export class ClientLog {
  /** `"up"`, `"down 1012"`, `"waiting 1 500 503"`, `"gaveUp 402"`, `"text Hi"`, `"close 1006"`. */
  readonly events: string[] = [];
  #waiting: (() => void)[] = [];

  /** @param ws A client that nothing has happened to. */
  constructor(ws: ReconnectingClient) {
    ws.on("up", () => this.#record("up"));
    ws.on("down", ({ code, unconfirmed }) => this.#record(["down", code, ...unconfirmed.map(brief)].join(" ")));
    ws.on("message", (message) => this.#record(`text ${brief(message)}`));
    ws.on("waiting", ({ attempt, delay, failure }) => this.#record(`waiting ${attempt} ${delay} ${why(failure)}`));
    ws.on("dropped", ({ reason, messages }) => this.#record(["dropped", reason, ...messages.map(brief)].join(" ")));
    ws.on("drain", () => this.#record("drain"));
    ws.on("gaveUp", (failure) => this.#record(`gaveUp ${why(failure)}`));
    ws.on("close", ({ code }) => this.#record(`close ${code}`));
  }

  /**
   * Waits until an event has happened so often.
   *
   * @param event How its line begins.
   * @param times How often.
   */
  async until(event: string, times = 1): Promise<void> {
    while (this.events.filter((line) => line.startsWith(event)).length < times) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #record(line: string): void {
    this.events.push(line);
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

function brief(message: string | Uint8Array): string {
  return typeof message === "string" ? message : `${message.length} bytes`;
}

function why({ phase, code, status, error }: ConnectionFailure): string {
  if (phase === "open") return String(code);
  if (status !== null) return String(status);
  if (error instanceof HandshakeError && error.code !== ErrorCode.HANDSHAKE_FAILED) return String(error.code);
  return `${phase} ${error instanceof WebSocketError ? error.code : (error as Error).name}`;
}
