/** A command that is typed instead of a message. */
export type TypedCommand =
  | { readonly kind: "send"; readonly text: string }
  | { readonly kind: "ping" }
  | { readonly kind: "close"; readonly code: number | undefined; readonly reason: string }
  | { readonly kind: "help" }
  | { readonly kind: "nothing" }
  | { readonly kind: "unknown"; readonly name: string };

/** The output of `/help`. */
export const TYPED_HELP =
  "/ping measures the round trip, /close [CODE] [REASON] closes, //TEXT sends /TEXT, Ctrl-D closes";

/**
 * Parses a line that was typed at the prompt.
 *
 * @param line The line.
 * @returns A message, or a command if the line starts with a single slash.
 */
export function readTyped(line: string): TypedCommand {
  if (line === "") return { kind: "nothing" };
  if (!line.startsWith("/")) return { kind: "send", text: line };
  if (line.startsWith("//")) return { kind: "send", text: line.slice(1) };
  const [, name, rest] = /^\/(\S*)\s*(.*)$/s.exec(line)!;
  if (name === "ping" || name === "help") return { kind: name };
  if (name !== "close") return { kind: "unknown", name };
  const [, code, reason] = /^(\d*)\s*(.*)$/s.exec(rest)!;
  return { kind: "close", code: code === "" ? undefined : Number(code), reason };
}
