// Python's `websockets`, as a peer with every combination of compression options.
import { COMBINATIONS } from "./deflate_combinations.ts";

/** The combinations by the names that Python has for them, each as JSON. */
export const PYTHON_COMBINATIONS: readonly string[] = COMBINATIONS.map((options) =>
  JSON.stringify(Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  ))
);

/** A Python that has the package, null if there is none; the first one on the path may not be Debian's. */
async function findPython(): Promise<string | null> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return "python3";
  const args = ["-c", "import websockets.extensions.permessage_deflate"];
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(python, { args, stdout: "null", stderr: "null" }).output();
      if (success) return python;
    } catch {
      // It is not installed.
    }
  }
  return null;
}

const found = await findPython();

/** The command that runs it. */
export const python: string = found ?? "";

/** Whether tests with it are ignored because it is not installed. */
export const ignore: boolean = found === null;

/** The end of such a test's name. */
export const WHY: string = ignore ? " (ignored for want of python3 with websockets)" : "";
