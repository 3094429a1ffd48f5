/** The longest time that a timer of the platform can wait, in milliseconds. */
export const MAX_TIMEOUT = 0x7fffffff;

/** How long a peer may take to open or to close a connection by default, in milliseconds. */
export const DEFAULT_TIMEOUT = 10_000;

/**
 * Checks an option that is a number.
 *
 * @param options The caller's options.
 * @param name The option's name.
 * @param otherwise Its default.
 * @param least Its minimum.
 * @param most Its maximum.
 * @returns The value.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is not an integer in that range.
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
    throw new TypeError(`Cannot use the option ${name}: ${name} must be a number, received a ${typeof value}`);
  }
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(
      `Cannot use the option ${name}: ${name} must be an integer from ${least} to ${most}, received ${value}`,
    );
  }
  return value;
}
