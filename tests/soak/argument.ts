/**
 * Reads an option of the command line.
 *
 * @param name Its name.
 * @param otherwise Its default.
 * @returns Its value.
 */
export function argument(name: string, otherwise: string): string {
  return Deno.args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3) ?? otherwise;
}
