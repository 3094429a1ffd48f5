import type { EventEmitter } from "node:events";
import type { MessageConsumer } from "../streams/message_consumer.ts";
import type { WebSocketEvents } from "./events.ts";

/**
 * Claims the messages of a connection for a consumer: from now on, adding a listener for `"message"` throws. A message
 * goes to one consumer, so a second one would never get any.
 *
 * @param emitter The emitter with the listeners.
 * @param consumer The present consumer, null if there is none.
 * @param name The new consumer's name, for the error.
 * @throws {TypeError} If something else already consumes the messages.
 */
export function claimMessages(
  emitter: EventEmitter<WebSocketEvents>,
  consumer: MessageConsumer | null,
  name: string,
): void {
  if (consumer !== null) {
    throw new TypeError(
      `Cannot use ${name}: another stream of this connection already takes its messages. Use readable or messages, not ` +
        "both",
    );
  }
  if (emitter.listenerCount("message") > 0) {
    throw new TypeError(
      `Cannot use ${name}: listeners for "message" take the messages. Remove them, or use the listeners alone`,
    );
  }
  (emitter as unknown as EventEmitter).on("newListener", refuseListener);
}

function refuseListener(name: string | symbol): void {
  if (name === "message") {
    throw new TypeError('Cannot listen for "message": a stream of this connection takes its messages');
  }
}
