// Python's `websockets`, as a peer with every agreement of compression.
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

/** A Python that has the package, null if there is none; another than Debian's may come first on the path. */
async function findPython(): Promise<string | null> {
  if ((await Deno.permissions.query({ name: "run" })).state !== "granted") return "python3";
  const args = ["-c", "import websockets.extensions.permessage_deflate"];
  for (const python of ["python3", "/usr/bin/python3"]) {
    try {
      const { success } = await new Deno.Command(python, { args, stdout: "null", stderr: "null" }).output();
      if (success) return python;
    } catch {
      // It is not there.
    }
  }
  return null;
}

const found = await findPython();

/** The command that runs it. */
export const python: string = found ?? "";

/** Whether tests with it are ignored, as it is not there. */
export const ignore: boolean = found === null;

/** What the name of such a test ends with. */
export const WHY: string = ignore ? " (ignored for want of python3 with websockets)" : "";
