/** One example of a doc comment or a Markdown page. */
export interface CodeBlock {
  /** The file and the line that it begins in, such as `README.md:12`. */
  readonly where: string;
  /** Its code. */
  readonly code: string;
}

/**
 * Finds the examples in TypeScript that can be run: all but those marked `ignore`.
 *
 * @param path The file's path: a Markdown page, or a module, of which the doc comments are read.
 * @param source The file's text.
 * @returns The examples, in order.
 */
export function codeBlocks(path: string, source: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let code: string[] | null = null;
  let runs = false;
  let start = 0;
  for (const [index, raw] of source.split("\n").entries()) {
    const line = path.endsWith(".md") ? raw : raw.match(/^\s*\* ?(.*)$/)?.[1];
    if (line === undefined) continue;
    const fence = line.match(/^```(.*)$/);
    if (code !== null && fence === null) code.push(line);
    if (fence === null) continue;
    if (code === null) {
      [code, runs, start] = [[], /^ts\s*$/.test(fence[1]), index + 1];
      continue;
    }
    if (runs) blocks.push({ where: `${path}:${start}`, code: code.join("\n") });
    code = null;
  }
  return blocks;
}

/**
 * Reads the output that an example promises: the comment after each `console.log(…)` on the same line.
 *
 * @param code The example.
 * @returns The output, one line for each call that has such a comment.
 */
export function promisedOutput(code: string): string[] {
  return [...code.matchAll(/^.*\bconsole\.log\(.*\);\s*(?:\}\)?;?\s*)?\/\/ (.+)$/gm)].map(([, text]) => text);
}
