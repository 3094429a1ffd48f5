// @ts-check
/**
 * `Promise.withResolvers`, which Node has only since version 22.
 *
 * @returns {{ promise: Promise<any>, resolve: (value: unknown) => void, reject: (reason: unknown) => void }} A promise,
 * and what settles it.
 */
export function withResolvers() {
  /** @type {any} */
  const parts = {};
  parts.promise = new Promise((resolve, reject) => Object.assign(parts, { resolve, reject }));
  return parts;
}
