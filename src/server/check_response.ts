/**
 * Finds what is wrong with what a handler gave as the answer.
 *
 * @param response What it gave.
 * @returns The fault, null where it can be written.
 */
export function responseFault(response: unknown): TypeError | null {
  if (!(response instanceof Response)) {
    return new TypeError(`Cannot answer with what is no Response: the handler returned ${typeof response}`);
  }
  if (response.type === "error") return new TypeError("Cannot answer with Response.error(), which has no status");
  if (response.bodyUsed || response.body?.locked) {
    return new TypeError("Cannot answer with a response whose body was read already: return one that was not");
  }
  return null;
}
