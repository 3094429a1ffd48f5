/** Messages for the benchmarks of compression: JSON as applications send it. */

const WORDS = "alpha beta gamma delta order price volume symbol timestamp user session event click update status"
  .split(" ");

/** `varying` has no two messages alike; `repeated` has the same five again and again. */
export type Kind = "varying" | "repeated";

/** All kinds. */
export const KINDS: readonly Kind[] = ["varying", "repeated"];

/** How many messages are repeated. */
const FEW = 5;

/**
 * Makes messages.
 *
 * @param count How many.
 * @param length The length of each in bytes.
 * @param kind Whether they vary.
 * @returns The messages, the same wherever it is called.
 */
export function makeMessages(count: number, length: number, kind: Kind = "varying"): Uint8Array[] {
  let seed = 12345;
  const next = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >> 8) % below;
  };
  const word = () => WORDS[next(WORDS.length)];
  const item = () => ({
    id: next(1e6),
    kind: word(),
    price: next(1e5) / 100,
    name: word() + next(1000),
    ok: next(2) > 0,
  });
  const encoder = new TextEncoder();
  const messages = Array.from({ length: kind === "repeated" ? FEW : count }, () => {
    let text = "[";
    while (text.length < length) text += JSON.stringify(item()) + ",";
    return encoder.encode(text.slice(0, length - 1) + "]");
  });
  return kind === "varying" ? messages : Array.from({ length: count }, () => messages[next(FEW)]);
}
