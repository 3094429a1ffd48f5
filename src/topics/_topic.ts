import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import { Publishers } from "./_publishers.ts";

/** One topic in this process: who subscribes here, and whether the broker was asked for it. */
export class Topic {
  /** Its name. */
  readonly name: string;
  /** The connections that get its messages. */
  readonly members: Set<WebSocketDriver> = new Set();
  /** Whether the broker should send its messages. */
  wanted = false;
  /** Whether the broker does. */
  confirmed = false;
  /** Waits for the broker's confirmation; null if there are none. */
  confirmation: PromiseWithResolvers<void> | null = null;
  #publishers: Publishers | null = null;

  /** @param name Its name. */
  constructor(name: string) {
    this.name = name;
  }

  /** Which messages have arrived from the broker. */
  get publishers(): Publishers {
    return this.#publishers ??= new Publishers();
  }

  /** The broker's subscription has ended: missing messages before the next one aren't a gap. */
  forget(): void {
    this.#publishers = null;
  }
}
