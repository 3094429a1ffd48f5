/** Where two values differ for the first time, and what stands there in each. */
interface Difference {
  path: string;
  actual: string;
  expected: string;
}

type Pairs = Map<object, Set<object>>;

/** Tells whether both values are equal in depth: same class, same own properties, same elements. */
export function equal(a: unknown, b: unknown): boolean {
  return compare(a, b, "", new Map()) === null;
}

/** Says in lines for people where two values differ, null where they are equal. */
export function explain(actual: unknown, expected: unknown): string | null {
  const difference = compare(actual, expected, "", new Map());
  if (difference === null) return null;
  const lines = [`  actual:   ${describe(actual)}`, `  expected: ${describe(expected)}`];
  if (difference.path !== "") {
    lines.push(`  first difference at ${difference.path}: ${difference.actual} instead of ${difference.expected}`);
  }
  return lines.join("\n");
}

/** Writes a value for people. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return value.length > 1000 ? `${JSON.stringify(value.slice(0, 1000))}… (${value.length})` : JSON.stringify(value);
  }
  return Deno.inspect(value, { depth: 8, sorted: true, trailingComma: true, strAbbreviateSize: 1000 });
}

function compare(a: unknown, b: unknown, path: string, seen: Pairs): Difference | null {
  if (Object.is(a, b)) return null;
  if (typeof a === "string" && typeof b === "string") return compareStrings(a, b, path);
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return differ(a, b, path);
  if (classOf(a) !== classOf(b)) return differ(a, b, path);
  if (wasSeen(a, b, seen)) return null;
  return compareContents(a, b, path, seen) ?? compareProperties(a, b, path, seen);
}

/** Compares what a value of a built-in class holds beside its properties. */
function compareContents(a: object, b: object, path: string, seen: Pairs): Difference | null {
  if (ArrayBuffer.isView(a) && ArrayBuffer.isView(b)) return compareBytes(bytesOf(a), bytesOf(b), a, b, path);
  if (isBuffer(a) && isBuffer(b)) return compareBytes(new Uint8Array(a), new Uint8Array(b), a, b, path);
  if (a instanceof Map && b instanceof Map) return compareMaps(a, b, path, seen);
  if (a instanceof Set && b instanceof Set) return compareSets(a, b, path);
  if (a instanceof Error && b instanceof Error) {
    return compare(a.name, b.name, `${path}.name`, seen) ?? compare(a.message, b.message, `${path}.message`, seen) ??
      compare(a.cause, b.cause, `${path}.cause`, seen);
  }
  if (a instanceof Headers && b instanceof Headers) return compare([...a], [...b], path, seen);
  if (a instanceof WeakMap || a instanceof WeakSet || a instanceof WeakRef || a instanceof Promise) {
    return differ(a, b, path);
  }
  return Object.is(primitiveOf(a), primitiveOf(b)) ? null : differ(a, b, path);
}

/** What stands for the whole of a small value object. */
function primitiveOf(value: object): unknown {
  if (value instanceof Date) return value.getTime();
  if (value instanceof RegExp || value instanceof URL) return String(value);
  if (value instanceof Number || value instanceof String || value instanceof Boolean) return value.valueOf();
  return undefined;
}

function compareStrings(a: string, b: string, path: string): Difference | null {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return { path: `${path}[${i}]`, actual: describe(a.slice(i, i + 40)), expected: describe(b.slice(i, i + 40)) };
}

function compareBytes(a: Uint8Array, b: Uint8Array, wholeA: object, wholeB: object, path: string): Difference | null {
  const same = Math.min(a.length, b.length);
  for (let i = 0; i < same; i++) {
    if (a[i] !== b[i]) return elementDifference(wholeA, wholeB, i, path);
  }
  return a.length === b.length ? null : differ(a.length, b.length, `${path}.byteLength`);
}

/** Names the element that the differing byte belongs to, in the array's own type. */
function elementDifference(a: object, b: object, byte: number, path: string): Difference {
  const size = (a as Partial<Uint16Array>).BYTES_PER_ELEMENT;
  const index = Math.floor(byte / (size ?? 1));
  const element = (of: object) => (of as ArrayLike<unknown>)[index] ?? bytesOf(of as DataView)[byte];
  return differ(element(a), element(b), `${path}[${index}]`);
}

function compareMaps(
  a: Map<unknown, unknown>,
  b: Map<unknown, unknown>,
  path: string,
  seen: Pairs,
): Difference | null {
  if (a.size !== b.size) return differ(a.size, b.size, `${path}.size`);
  const left = new Map(b);
  for (const [key, value] of a) {
    const other = left.has(key) ? key : [...left.keys()].find((k) => equal(k, key) && equal(left.get(k), value));
    if (other === undefined && !left.has(other)) return missing(`${path}.get(${describe(key)})`);
    const difference = compare(value, left.get(other), `${path}.get(${describe(key)})`, seen);
    if (difference !== null) return difference;
    left.delete(other);
  }
  return null;
}

function compareSets(a: Set<unknown>, b: Set<unknown>, path: string): Difference | null {
  if (a.size !== b.size) return differ(a.size, b.size, `${path}.size`);
  const left = new Set(b);
  for (const value of a) {
    if (left.delete(value)) continue;
    const other = [...left].find((v) => typeof v === "object" && equal(v, value));
    if (other === undefined) return missing(`${path}.has(${describe(value)})`);
    left.delete(other);
  }
  return null;
}

function compareProperties(a: object, b: object, path: string, seen: Pairs): Difference | null {
  if (ArrayBuffer.isView(a)) return null;
  if (Array.isArray(a) && Array.isArray(b) && a.length !== b.length) {
    return differ(a.length, b.length, `${path}.length`);
  }
  const own = (of: object) => Reflect.ownKeys(of).filter((key) => Object.prototype.propertyIsEnumerable.call(of, key));
  const keysOfB = new Set(own(b));
  for (const key of own(a)) {
    const at = pathTo(path, key, Array.isArray(a));
    if (!keysOfB.delete(key)) return { path: at, actual: describe(get(a, key)), expected: "nothing" };
    const difference = compare(get(a, key), get(b, key), at, seen);
    if (difference !== null) return difference;
  }
  for (const key of keysOfB) {
    return { path: pathTo(path, key, Array.isArray(b)), actual: "nothing", expected: describe(get(b, key)) };
  }
  return null;
}

function get(from: object, key: PropertyKey): unknown {
  return (from as Record<PropertyKey, unknown>)[key];
}

function pathTo(path: string, key: PropertyKey, inArray: boolean): string {
  if (typeof key === "symbol") return `${path}[${String(key)}]`;
  return inArray ? `${path}[${String(key)}]` : `${path}.${String(key)}`;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

function isBuffer(value: object): value is ArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
}

/** An object without a prototype counts as a plain one. */
function classOf(value: object): unknown {
  return Object.getPrototypeOf(value)?.constructor ?? Object;
}

/** Pairs under comparison are taken as equal, so that cycles end. */
function wasSeen(a: object, b: object, seen: Pairs): boolean {
  const partners = seen.get(a);
  if (partners === undefined) seen.set(a, new Set([b]));
  else if (partners.has(b)) return true;
  else partners.add(b);
  return false;
}

function differ(a: unknown, b: unknown, path: string): Difference {
  return { path, actual: describe(a), expected: describe(b) };
}

function missing(path: string): Difference {
  return { path, actual: "there", expected: "nothing" };
}
