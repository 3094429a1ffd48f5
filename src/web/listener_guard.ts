/**
 * Receives the exception of a listener, or the reason of its rejected promise.
 *
 * @param target The event target.
 * @param type The event.
 * @param fault The exception or the reason.
 */
export type ListenerFaultHandler = (target: EventTarget, type: string, fault: unknown) => void;

/** Any listener of an event target. */
type Listener = EventListenerOrEventListenerObject;

/**
 * Wraps listeners so that their errors are handled here: Deno ends the process if a listener throws, or if its promise
 * rejects.
 */
export class ListenerGuard {
  readonly #onFault: ListenerFaultHandler;
  /** One for each listener, so that it is found when the listener is removed. */
  readonly #guarded = new WeakMap<Listener, EventListener>();

  /** @param onFault Handles the errors. */
  constructor(onFault: ListenerFaultHandler) {
    this.#onFault = onFault;
  }

  /**
   * Guards a listener.
   *
   * @param listener The listener; anything else is left to the event target.
   * @returns The function to add or remove instead, always the same for a listener.
   */
  guard(listener: Listener | null): Listener | null {
    if (listener === null || (typeof listener !== "object" && typeof listener !== "function")) return listener;
    let guarded = this.#guarded.get(listener);
    if (guarded === undefined) {
      guarded = (event) => this.#call(listener, event);
      this.#guarded.set(listener, guarded);
    }
    return guarded;
  }

  #call(listener: Listener, event: Event): void {
    const target = event.currentTarget!;
    const fail = (fault: unknown) => this.#onFault(target, event.type, fault);
    try {
      const result: unknown = typeof listener === "function"
        ? listener.call(target, event)
        : listener.handleEvent(event);
      if (result instanceof Promise) result.catch(fail);
    } catch (fault) {
      fail(fault);
    }
  }
}
