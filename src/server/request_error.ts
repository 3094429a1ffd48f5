/** A request that the handler never gets to see, as it can't be made a `Request`. */
export class RequestError extends Error {
  /** The status of the answer. */
  readonly status: number;

  /**
   * @param status The status of the answer.
   * @param message The rule, and what to do: the body of the answer.
   */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
