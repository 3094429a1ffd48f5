import { assertEquals } from "@std/assert";
import { testWith } from "../support/permissions.ts";

/** `deno task test:large` does the same with 1 GiB. */
const MIB = "256";

testWith(
  { net: true, run: true, read: true, env: true },
  `a message of ${MIB} MiB goes there and back, and neither process grows by more than 32 MiB`,
  async () => {
    const program = new URL("_large_echo.ts", import.meta.url);
    const args = ["run", "--allow-net", "--allow-run", "--allow-read", "--allow-env", program.pathname, MIB];
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals(success, true, text(stdout) + text(stderr));
  },
);
