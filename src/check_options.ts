/** How many edits a mistyped name may be away from the suggested one. */
const MAX_DISTANCE = 3;

/**
 * Checks that options are an object with only known names. A name whose value is undefined counts as not given.
 *
 * @param what The operation, to follow "Cannot": `"create a client"`.
 * @param options The caller's options.
 * @param known All option names. The compiler checks that none of the type's is missing.
 * @param elsewhere The option to use for a name from other libraries, or where it belongs.
 * @throws {TypeError} If the options aren't an object, or contain an unknown name; it names the nearest one.
 */
export function checkOptionNames<Options extends object>(
  what: string,
  options: Options,
  known: Readonly<Record<keyof Options, true>>,
  elsewhere: Readonly<Record<string, string>> = {},
): void {
  checkIsObject(what, options, known);
  // Inherited ones count: options may be derived from others by Object.create().
  for (const name in options) {
    if (Object.hasOwn(known, name) || options[name] === undefined) continue;
    throw new TypeError(`Cannot ${what}: unknown option ${JSON.stringify(name)}${advise(name, known, elsewhere)}`);
  }
}

function checkIsObject(what: string, options: unknown, known: object): void {
  if (typeof options === "object" && options !== null && !Array.isArray(options)) return;
  const received = Array.isArray(options) ? "an array" : options == null ? String(options) : `a ${typeof options}`;
  // The web's WebSocket accepts subprotocols there.
  const named = "acceptProtocols" in known && (Array.isArray(options) || typeof options === "string");
  const remedy = named ? `: write { acceptProtocols: ${JSON.stringify([options].flat())} }` : "";
  throw new TypeError(`Cannot ${what}: the options must be an object, received ${received}${remedy}`);
}

function advise(name: string, known: object, elsewhere: Readonly<Record<string, string>>): string {
  if (Object.hasOwn(elsewhere, name)) {
    const other = elsewhere[name];
    return Object.hasOwn(known, other) ? `, it is called ${JSON.stringify(other)} here` : `, ${other}`;
  }
  const names = Object.keys(known);
  const nearest = nearestName(name, names);
  if (nearest !== null) return `, did you mean ${JSON.stringify(nearest)}?`;
  return `, expected ${names.length === 0 ? "none" : `one of ${names.join(", ")}`}`;
}

/** The name with the fewest edits, null if all are too far: more than half of the letters would change. */
function nearestName(name: string, names: readonly string[]): string | null {
  let nearest: string | null = null;
  let least = Math.min(MAX_DISTANCE, name.length / 2);
  for (const candidate of names) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance > least || (distance === least && nearest !== null)) continue;
    [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** The Levenshtein distance: how many letters must be added, left out or replaced. */
function editDistance(a: string, b: string): number {
  // A very long name is close to none, and must not take long to compare.
  if (Math.abs(a.length - b.length) > MAX_DISTANCE) return Infinity;
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = above[column - 1] + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, above[column] + 1, current[column - 1] + 1));
    }
    above = current;
  }
  return above[b.length];
}
