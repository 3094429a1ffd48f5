/** What a failed assertion throws. */
export class AssertionError extends Error {
  /** Makes an error; `options.cause` is what led to it. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AssertionError";
  }
}
