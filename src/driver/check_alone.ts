import type { EventEmitter } from "node:events";
import type { MessageConsumer } from "../streams/message_consumer.ts";
import type { WebSocketEvents } from "./events.ts";

/**
 * Checks that nothing takes the messages of a connection yet, and keeps listeners from being added: a message goes to one
 * consumer, and whoever would wait for it in vain should know.
 *
 * @param emitter Who has the listeners.
 * @param consumer What takes the messages, null if nothing does.
 * @param name What shall take them, for the error.
 * @throws {TypeError} If something else takes them.
 */
export function checkAlone(
  emitter: EventEmitter<WebSocketEvents>,
  consumer: MessageConsumer | null,
  name: string,
): void {
  if (consumer !== null) {
    throw new TypeError(
      `Cannot use ${name}: another stream of this connection takes its messages already. Use readable or messages, not ` +
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
