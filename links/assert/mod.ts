/**
 * A stand-in for `@std/assert`, for machines that cannot reach the registry: no more than this project's tests use,
 * under the same names and with the same arguments.
 *
 * @module
 */
import { AssertionError } from "./assertion_error.ts";
import { describe, equal, explain } from "./equal.ts";

export { AssertionError, equal };

// deno-lint-ignore no-explicit-any
type AnyConstructor = abstract new (...args: any[]) => any;
// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** What `assertFalse` leaves of a type. */
export type Falsy = false | 0 | 0n | "" | null | undefined;

/** Fails unless the value is truthy. */
export function assert(expr: unknown, msg = ""): asserts expr {
  if (!expr) throw new AssertionError(msg);
}

/** Fails unless the value is falsy. */
export function assertFalse(expr: unknown, msg = ""): asserts expr is Falsy {
  if (expr) throw new AssertionError(msg);
}

/** Fails unless both values are equal in depth. */
export function assertEquals<T>(actual: T, expected: T, msg?: string): void {
  const difference = explain(actual, expected);
  if (difference !== null) throw new AssertionError(`Values are not equal${suffix(msg)}\n${difference}`);
}

/** Fails where both values are equal in depth. */
export function assertNotEquals<T>(actual: T, expected: T, msg?: string): void {
  if (equal(actual, expected)) {
    throw new AssertionError(`Expected actual: ${describe(actual)} not to be: ${describe(expected)}${suffix(msg)}`);
  }
}

/** Fails unless both are the same value (`Object.is`). */
export function assertStrictEquals<T>(actual: unknown, expected: T, msg?: string): asserts actual is T {
  if (Object.is(actual, expected)) return;
  const difference = explain(actual, expected) ?? `  both look like ${describe(actual)} but are different objects`;
  throw new AssertionError(`Values are not strictly equal${suffix(msg)}\n${difference}`);
}

/** Fails where the value is null or undefined. */
export function assertExists<T>(actual: T, msg?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) {
    throw new AssertionError(`Expected actual: "${actual}" to not be null or undefined${suffix(msg)}`);
  }
}

/** Fails unless the value is an instance of the class. */
export function assertInstanceOf<T extends AnyConstructor>(
  actual: unknown,
  expectedType: T,
  msg = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  throw new AssertionError(
    `Expected object to be an instance of "${expectedType.name}" but was ${describe(actual)}${suffix(msg)}`,
  );
}

/** Fails unless the text holds the other one. */
export function assertStringIncludes(actual: string, expected: string, msg?: string): void {
  if (!actual.includes(expected)) {
    throw new AssertionError(`Expected actual: "${actual}" to contain: "${expected}"${suffix(msg)}`);
  }
}

/** Fails unless the text matches the expression. */
export function assertMatch(actual: string, expected: RegExp, msg?: string): void {
  if (!expected.test(actual)) {
    throw new AssertionError(`Expected actual: "${actual}" to match: "${expected}"${suffix(msg)}`);
  }
}

/** Fails unless `actual > expected`. */
export function assertGreater<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual > expected)) throw comparison(actual, ">", expected, msg);
}

/** Fails unless `actual >= expected`. */
export function assertGreaterOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual >= expected)) throw comparison(actual, ">=", expected, msg);
}

/** Fails unless `actual < expected`. */
export function assertLess<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual < expected)) throw comparison(actual, "<", expected, msg);
}

/** Fails unless `actual <= expected`. */
export function assertLessOrEqual<T>(actual: T, expected: T, msg?: string): void {
  if (!(actual <= expected)) throw comparison(actual, "<=", expected, msg);
}

/** Fails unless the function throws. */
export function assertThrows(fn: () => unknown, msg?: string): unknown;
/** Fails unless the function throws an instance of the class, with a message that includes the text. */
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): unknown {
  const want = expectation(classOrMsg, msgIncludes, msg);
  let returned: unknown;
  try {
    returned = fn();
  } catch (error) {
    return checkError(error, want);
  }
  // A function that returns a promise is a mistake of the test's: its rejection would go unseen.
  if (returned instanceof Promise) returned.catch(() => {});
  throw new AssertionError(`Expected function to throw${suffix(want.msg)}`);
}

/** Fails unless the function returns a promise that rejects. */
export function assertRejects(fn: () => PromiseLike<unknown>, msg?: string): Promise<unknown>;
/** Fails unless the promise rejects with an instance of the class, with a message that includes the text. */
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  ErrorClass: ErrorClass<E>,
  msgIncludes?: string,
  msg?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMsg?: ErrorClass<Error> | string,
  msgIncludes?: string,
  msg?: string,
): Promise<unknown> {
  const want = expectation(classOrMsg, msgIncludes, msg);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    throw new AssertionError(`Function throws when expected to reject${suffix(want.msg)}`, { cause: error });
  }
  try {
    await promise;
  } catch (error) {
    return checkError(error, want);
  }
  throw new AssertionError(`Expected function to reject${suffix(want.msg)}`);
}

/** Fails, always. */
export function fail(msg?: string): never {
  throw new AssertionError(`Failed assertion${suffix(msg)}`);
}

/** Fails where it is reached. */
export function unreachable(reason?: string): never {
  throw new AssertionError(reason === undefined ? "Unreachable" : `Unreachable: ${reason}`);
}

interface Expectation {
  type: ErrorClass<Error> | undefined;
  includes: string | undefined;
  msg: string | undefined;
}

function expectation(
  classOrMsg: ErrorClass<Error> | string | undefined,
  includes: string | undefined,
  msg: string | undefined,
): Expectation {
  return typeof classOrMsg === "string"
    ? { type: undefined, includes: undefined, msg: classOrMsg }
    : { type: classOrMsg, includes, msg };
}

function checkError(error: unknown, { type, includes, msg }: Expectation): unknown {
  if (type === undefined) return error;
  if (!(error instanceof Error)) {
    throw new AssertionError(`A non-Error object was thrown${suffix(msg)}`, { cause: error });
  }
  const { name } = error.constructor;
  if (!(error instanceof type)) {
    throw new AssertionError(
      `Expected error to be instance of "${type.name}", but was "${name}"${suffix(msg)}`,
      { cause: error },
    );
  }
  if (includes !== undefined && !error.message.includes(includes)) {
    throw new AssertionError(
      `Expected error message to include ${describe(includes)}, but got ${describe(error.message)}${suffix(msg)}`,
      { cause: error },
    );
  }
  return error;
}

function comparison(actual: unknown, sign: string, expected: unknown, msg?: string): AssertionError {
  return new AssertionError(`Expect ${describe(actual)} ${sign} ${describe(expected)}${suffix(msg)}`);
}

function suffix(msg: string | undefined): string {
  return msg ? `: ${msg}` : "";
}
