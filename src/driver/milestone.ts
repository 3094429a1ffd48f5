/**
 * Something that happens once, or fails to. Its promise is made when somebody asks for it, so that a connection that
 * nobody waits for costs none; and no rejection of it is ever unhandled, for events tell of the same.
 */
export class Milestone<T> {
  #deferred: PromiseWithResolvers<T> | null = null;
  #settle: ((deferred: PromiseWithResolvers<T>) => void) | null = null;

  /** Settles as the milestone is reached or missed. */
  get promise(): Promise<T> {
    if (this.#deferred === null) {
      this.#deferred = Promise.withResolvers();
      this.#deferred.promise.catch(() => {});
      this.#settle?.(this.#deferred);
    }
    return this.#deferred.promise;
  }

  /**
   * It is reached; what comes later changes nothing.
   *
   * @param value What the promise resolves to.
   */
  reach(value: T): void {
    this.#end((deferred) => deferred.resolve(value));
  }

  /**
   * It will not be reached any more; what comes later changes nothing.
   *
   * @param error What the promise rejects with.
   */
  miss(error: unknown): void {
    this.#end((deferred) => deferred.reject(error));
  }

  #end(settle: (deferred: PromiseWithResolvers<T>) => void): void {
    if (this.#settle !== null) return;
    this.#settle = settle;
    if (this.#deferred !== null) settle(this.#deferred);
  }
}
