import { EventEmitter } from "node:events";
/**
 * Makes the emitters of a class pass on the rejections of async listeners. They need the option `captureRejections`.
 *
 * @param prototype The prototype of the class.
 * @param handler Receives the emitter, the event, and the reason.
 */
export function onRejection<Emitter extends object, Events>(
  prototype: Emitter,
  handler: (emitter: Emitter, name: keyof Events, cause: unknown) => void,
): void {
  Object.defineProperty(prototype, EventEmitter.captureRejectionSymbol, {
    value(this: Emitter, cause: unknown, name: keyof Events) {
      handler(this, name, cause);
    },
  });
}
