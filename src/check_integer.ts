/** The longest time that a timer of the platform's can wait, in milliseconds. */
export const MAX_TIMEOUT = 0x7fffffff;

/** How long a peer may take to open or to close a connection, in milliseconds, if nothing else is said. */
export const DEFAULT_TIMEOUT = 10_000;

/**
 * Checks an option that is a number.
 *
 * @param options What the caller gave.
 * @param name The option's name.
 * @param otherwise Its default.
 * @param least Its least value.
 * @param most Its greatest value.
 * @returns The value.
 * @throws {TypeError} Where it is no number.
 * @throws {RangeError} Where it is no integer in that range.
 */
export function checkInteger<Name extends string>(
  options: { [name in Name]?: number },
  name: Name,
  otherwise: number,
  least: number,
  most: number,
): number {
  const value: unknown = options[name] ?? otherwise;
  if (typeof value !== "number") {
    throw new TypeError(`Cannot take ${name} as a number: received ${typeof value}`);
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`Cannot take ${name} as an integer from ${least} to ${most}: received ${value}`);
  }
  return value;
}
