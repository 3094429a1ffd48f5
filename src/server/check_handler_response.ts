/**
 * Checks that a handler's response can be written.
 *
 * @param response The handler's return value.
 * @throws {TypeError} If it is not a `Response`, has no status, or its body was read.
 */
export function checkHandlerResponse(response: unknown): asserts response is Response {
  if (!(response instanceof Response)) {
    throw new TypeError(
      `Cannot answer the request: the handler must return a Response, received ${describe(response)}`,
    );
  }
  if (response.type === "error") {
    throw new TypeError("Cannot answer the request: a Response must have a status, received Response.error()");
  }
  if (response.bodyUsed || response.body?.locked) {
    throw new TypeError("Cannot answer the request: the body of the handler's Response was already read");
  }
}

function describe(value: unknown): string {
  return value === null || value === undefined ? String(value) : `a ${typeof value}`;
}
