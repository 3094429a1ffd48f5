/** A request that never reaches the handler, because it can't be represented as a `Request`. */
export class RequestError extends Error {
  /** The status of the response. */
  readonly status: number;

  /**
   * @param status The status of the response.
   * @param message The rule, and what to do: the body of the response.
   */
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
