/**
 * The command line: talk to a WebSocket server from a terminal or a script, or be one.
 *
 * ```sh
 * deno run -N jsr:@wsd/driver/cli wss://example.com/chat
 * echo '{"subscribe":"prices"}' | deno run -N jsr:@wsd/driver/cli --wait 5000 wss://example.com/
 * deno run -N jsr:@wsd/driver/cli listen 5000
 * ```
 *
 * `--help` shows every option; docs/command_line.md has recipes.
 *
 * @example Start it from your own program
 * ```ts ignore
 * import { main } from "@wsd/driver/cli";
 *
 * Deno.exit(await main(["--once", "wss://example.com/"]));
 * ```
 *
 * @module
 */
import { main } from "./src/cli/main.ts";

export { main };

if (import.meta.main) Deno.exit(await main(Deno.args));
