/**
 * Creates the error for a message that is neither text nor bytes, with advice.
 *
 * @param what The operation, to follow "Cannot".
 * @param value The value received.
 * @returns The error.
 */
export function notSendable(what: string, value: unknown): TypeError {
  const remedy = remedyFor(value);
  return new TypeError(
    `Cannot ${what}: expected a string, an ArrayBuffer or a view of one, received ${kindOf(value)}` +
      (remedy === null ? "" : `: ${remedy}`),
  );
}

function remedyFor(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  if (value instanceof Blob) return "send await blob.bytes()";
  if (value instanceof ReadableStream) return "use sendStream(stream)";
  if (typeof (value as { then?: unknown }).then === "function") return "await it first";
  return "send JSON.stringify(value), or use sendJson(value)";
}

function kindOf(value: unknown): string {
  if (value === null || typeof value !== "object") return value === null ? "null" : typeof value;
  return value.constructor?.name ?? "an object";
}
