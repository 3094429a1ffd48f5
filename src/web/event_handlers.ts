/** A function that receives an event. */
type Handler = (this: unknown, event: Event) => unknown;

/**
 * The handlers of an event target, such as `onopen`, by the HTML Standard's rules: a handler takes its place among the
 * listeners when it is first set, and keeps it when it is replaced.
 */
export class EventHandlers {
  readonly #target: EventTarget;
  /** By type. An object, since a Map takes three times the memory for one or two of them. */
  readonly #values: Record<string, { value: object; listener: (event: Event) => unknown } | undefined> = {};

  /** @param target The event target. */
  constructor(target: EventTarget) {
    this.#target = target;
  }

  /**
   * Returns a handler.
   *
   * @param type The event's type.
   * @returns The value that was set; null if there is none.
   */
  // deno-lint-ignore no-explicit-any
  get(type: string): any {
    return this.#values[type]?.value ?? null;
  }

  /**
   * Sets a handler.
   *
   * @param type The event's type.
   * @param value A function; any other object is kept but not called, and anything else unsets the handler.
   */
  set(type: string, value: unknown): void {
    const entry = this.#values[type];
    if (typeof value !== "function" && (typeof value !== "object" || value === null)) {
      if (entry !== undefined) this.#target.removeEventListener(type, entry.listener);
      this.#values[type] = undefined;
    } else if (entry !== undefined) {
      entry.value = value;
    } else {
      this.#add(type, value);
    }
  }

  #add(type: string, value: object): void {
    const listener = (event: Event) => {
      const handler = this.get(type);
      return typeof handler === "function" ? (handler as Handler).call(this.#target, event) : undefined;
    };
    this.#values[type] = { value, listener };
    this.#target.addEventListener(type, listener);
  }
}
