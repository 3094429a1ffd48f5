/**
 * Learns what a listener has thrown, or what its promise was rejected with.
 *
 * @param target Whose listener it is.
 * @param type The event.
 * @param fault What was thrown.
 */
export type ListenerFaultHandler = (target: EventTarget, type: string, fault: unknown) => void;

/** Any listener of an event target's. */
type Listener = EventListenerOrEventListenerObject;

/**
 * Makes listeners whose faults are handled here: Deno ends the process for what a listener throws, and for a promise of
 * a listener that is rejected.
 */
export class ListenerGuard {
  readonly #onFault: ListenerFaultHandler;
  /** One for each listener, so that a listener that is removed is found. */
  readonly #guarded = new WeakMap<Listener, EventListener>();

  /** @param onFault Who handles them. */
  constructor(onFault: ListenerFaultHandler) {
    this.#onFault = onFault;
  }

  /**
   * Guards a listener.
   *
   * @param listener The listener; anything else is left to the event target.
   * @returns What to add or remove in its place, always the same for a listener.
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
