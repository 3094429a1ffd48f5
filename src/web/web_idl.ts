/**
 * How Web IDL converts arguments before a method of a web class runs, and how it lays out the class.
 * https://webidl.spec.whatwg.org
 */

/**
 * Checks that a call has its required arguments.
 *
 * @param count How many arguments the call has.
 * @param required How many it must have.
 * @param what The operation, to follow "Cannot": `"send"`.
 * @throws {TypeError} If there are too few.
 */
export function requireArguments(count: number, required: number, what: string): void {
  if (count >= required) return;
  throw new TypeError(`Cannot ${what}: expected at least ${required} argument, received ${count}`);
}

/**
 * Converts to `USVString`: text in which every lone surrogate is replaced.
 *
 * @param value Anything.
 * @returns The text.
 * @throws {TypeError} If it is a symbol.
 */
export function toUSVString(value: unknown): string {
  return `${value}`.toWellFormed();
}

/**
 * Converts to `sequence<USVString>`.
 *
 * @param value An object to iterate over.
 * @param what The operation, to follow "Cannot": `"take protocols"`.
 * @returns The texts.
 * @throws {TypeError} If it isn't an object, or can't be iterated over.
 */
export function toSequence(value: unknown, what: string): string[] {
  if (isObject(value) && typeof (value as Iterable<unknown>)[Symbol.iterator] === "function") {
    return Array.from(value as Iterable<unknown>, toUSVString);
  }
  throw new TypeError(`Cannot ${what}: expected a list of strings, received ${typeOf(value)}`);
}

/**
 * Converts to a dictionary.
 *
 * @param value An object; undefined and null mean an empty one.
 * @param what The operation, to follow "Cannot": `"close"`.
 * @returns The dictionary.
 * @throws {TypeError} If it isn't an object.
 */
export function toDictionary<Dictionary extends object>(value: unknown, what: string): Partial<Dictionary> {
  if (value === undefined || value === null) return {};
  if (isObject(value)) return value as Dictionary;
  throw new TypeError(`Cannot ${what}: expected an object, received ${typeOf(value)}`);
}

/**
 * Converts to `[Clamp] unsigned short`.
 *
 * @param value Anything.
 * @returns The nearest integer from 0 to 65535, with ties to even; 0 for NaN.
 */
export function clampUnsignedShort(value: unknown): number {
  const number = Number(value);
  if (Number.isNaN(number)) return 0;
  const bounded = Math.min(Math.max(number, 0), 65535);
  const floor = Math.floor(bounded);
  const rest = bounded - floor;
  return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
}

/**
 * Converts to `[EnforceRange] unsigned short`.
 *
 * @param value Anything.
 * @param what The operation, to follow "Cannot": `"close"`.
 * @returns The integer part.
 * @throws {TypeError} If it isn't a number, or is outside of 0 to 65535.
 */
export function enforceUnsignedShort(value: unknown, what: string): number {
  const number = Math.trunc(Number(value));
  if (number >= 0 && number <= 65535) return number + 0;
  throw new TypeError(`Cannot ${what}: expected an integer from 0 to 65535, received ${String(value)}`);
}

/**
 * Lays out a class as an interface of the web: its members are enumerable, its constants can't be changed, and
 * `toString` names it.
 *
 * @param type The class.
 * @param constants The constants of both the class and its prototype.
 */
export function defineInterface(
  type: { readonly name: string; readonly prototype: object },
  constants: Readonly<Record<string, number>> = {},
): void {
  const { prototype } = type;
  const inherited: object = Object.getPrototypeOf(prototype);
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (name in inherited) continue;
    Object.defineProperty(prototype, name, { ...descriptor, enumerable: true });
  }
  for (const [name, value] of Object.entries(constants)) {
    const descriptor = { value, enumerable: true, writable: false, configurable: false };
    Object.defineProperty(type, name, descriptor);
    Object.defineProperty(prototype, name, descriptor);
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: type.name, configurable: true });
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

function typeOf(value: unknown): string {
  return value === null ? "null" : typeof value;
}
