const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

/**
 * Formats Markdown as the repository is formatted.
 *
 * @param markdown The text.
 * @returns The text as `deno fmt` leaves it.
 */
export async function formatMarkdown(markdown: string): Promise<string> {
  const args = ["fmt", "--ext=md", `--config=${CONFIG}`, "-"];
  const child = new Deno.Command(Deno.execPath(), { args, stdin: "piped", stdout: "piped" }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(markdown));
  await writer.close();
  const { stdout } = await child.output();
  return new TextDecoder().decode(stdout);
}
