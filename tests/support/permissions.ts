/** The permissions that a test can need, by the names of `Deno.permissions`. */
export type Needs = Partial<Record<"net" | "read" | "write" | "run" | "env" | "sys", boolean>>;

/** The body of a test. */
export type TestFn = (t: Deno.TestContext) => void | Promise<void>;

/** Further settings of a test. */
export type TestOptions = Omit<Deno.TestDefinition, "name" | "fn" | "permissions">;

/**
 * Names the flags that are missing for a test to run.
 *
 * A permission that needs a prompt counts as missing, so that `deno test` never stops at a prompt.
 *
 * @param needs The permissions that the test needs.
 * @param state Returns the state of a permission; that of this process by default.
 * @returns The flags, such as `--allow-net`.
 */
export function missingFlags(
  needs: Needs,
  state: (name: keyof Needs) => Deno.PermissionState = (name) => Deno.permissions.querySync({ name }).state,
): string[] {
  const names = Object.keys(needs) as (keyof Needs)[];
  return names.filter((name) => needs[name] && state(name) !== "granted").map((name) => `--allow-${name}`);
}

/**
 * Registers a test that needs permissions. If one is missing, the test is reported as ignored, and its name says
 * which flag lets it run.
 *
 * @param needs The permissions that the test needs.
 * @param name The name of the test.
 * @param fn The body.
 * @param options Further settings of `Deno.test`.
 */
export function testWith(needs: Needs, name: string, fn: TestFn, options: TestOptions = {}): void {
  const missing = missingFlags(needs);
  if (missing.length === 0) Deno.test({ ...options, name, fn });
  else Deno.test({ ...options, name: `${name} (ignored: needs ${missing.join(" ")})`, fn, ignore: true });
}

/**
 * Registers a test that needs the network, as {@linkcode testWith} does.
 *
 * @param name The name of the test.
 * @param fn The body.
 * @param options Further settings of `Deno.test`.
 */
export function netTest(name: string, fn: TestFn, options: TestOptions = {}): void {
  testWith({ net: true }, name, fn, options);
}
