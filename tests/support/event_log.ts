import type { WebSocketDriver } from "../../src/driver/websocket_driver.ts";
import type { CloseInfo } from "../../src/protocol/close_payload.ts";

/** Messages up to this length, in bytes or characters, are recorded in full. */
const SPELT_OUT = 100;

/** Records the events of a driver, one line each. */
export class EventLog {
  /** The events, in order: `"open"`, `"text Hi"`, `"error WS_RESERVED_BIT 1002"`, `"close 1002 Why"`. */
  readonly events: string[] = [];
  /** The messages, in order. */
  readonly messages: (string | Uint8Array)[] = [];
  /** The errors, in order. */
  readonly errors: Error[] = [];
  /** How the connection ended. */
  readonly closed: Promise<CloseInfo>;
  #waiting: (() => void)[] = [];

  /** @param ws A driver that has not emitted an event yet. */
  constructor(ws: WebSocketDriver) {
    ws.on("open", () => this.#record("open"));
    ws.on("message", (message) => this.#onMessage(message));
    ws.on("ping", (payload) => this.#record(`ping ${payload.toHex()}`));
    ws.on("pong", (payload) => this.#record(`pong ${payload.toHex()}`));
    ws.on("drain", () => this.#record("drain"));
    ws.on("error", (error) => {
      this.errors.push(error);
      this.#record(`error ${error.code} ${error.closeCode}`);
    });
    const closed = Promise.withResolvers<CloseInfo>();
    this.closed = closed.promise;
    ws.on("close", (info) => {
      this.#record(`close ${info.code} ${info.reason}`);
      closed.resolve(info);
    });
  }

  #onMessage(message: string | Uint8Array): void {
    this.messages.push(message);
    const size = message.length > SPELT_OUT ? `of ${message.length}` : null;
    if (typeof message === "string") this.#record(`text ${size ?? message}`);
    else this.#record(`binary ${size ?? message.toHex()}`);
  }

  #record(event: string): void {
    this.events.push(event.trimEnd());
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Waits for an event; resolves at once if it was already recorded. */
  async seen(event: string): Promise<void> {
    await this.#until(() => this.events.includes(event));
  }

  /** Waits for a number of messages. */
  async received(count: number): Promise<(string | Uint8Array)[]> {
    await this.#until(() => this.messages.length >= count);
    return this.messages;
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.events.some((event) => event.startsWith("close "))) {
        throw new Error(`The connection closed before: ${JSON.stringify(this.events)}`);
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }
}
