// The command line on a terminal, by what is on its screen.
import { assertEquals, assertFalse, assertMatch, assertStringIncludes } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { NEEDS, PROGRAM, SHOWN, talkingServer } from "./_command.ts";

const HAS_TMUX = ["/usr/bin/tmux", "/usr/local/bin/tmux", "/opt/homebrew/bin/tmux"].some((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

function terminalTest(what: string, fn: (url: string) => Promise<void>): void {
  const name = `wsd on a terminal ${what}${HAS_TMUX ? "" : " (ignored, as tmux is not installed)"}`;
  testWith(NEEDS, name, async () => {
    await using server = talkingServer();
    await fn(server.url);
  }, { ignore: !HAS_TMUX });
}

let terminals = 0;

/** A terminal of its own, in which the program runs. */
class Terminal implements AsyncDisposable {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  static async start(args: readonly string[], colors = false): Promise<Terminal> {
    const terminal = new Terminal(`wsd-test-${Deno.pid}-${terminals++}`);
    const command = [...PROGRAM, ...args].map((part) => `'${part}'`).join(" ");
    const program = `${colors ? "env -u NO_COLOR " : "NO_COLOR=1 "}${command}; echo "exit code $?"; read -r`;
    await terminal.#tmux("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "24", "bash", "-c", program);
    return terminal;
  }

  async #tmux(...args: string[]): Promise<string> {
    const { success, stdout, stderr } = await new Deno.Command("tmux", {
      args: ["-L", this.#socket, ...args],
      env: { LC_ALL: "C.UTF-8", TERM: "screen" },
    }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr));
    return new TextDecoder().decode(stdout);
  }

  /** Types keys, by tmux's names. */
  async type(...keys: string[]): Promise<void> {
    await this.#tmux("send-keys", ...keys);
  }

  /** What is on the screen, without what is empty. */
  async screen(...more: string[]): Promise<string> {
    return (await this.#tmux("capture-pane", "-p", "-J", ...more)).replace(/\s+$/gm, "");
  }

  /** Waits until it is on the screen. */
  async shows(pattern: RegExp): Promise<string> {
    for (;;) {
      const screen = await this.screen();
      if (pattern.test(screen)) return screen;
      if (/^exit code/m.test(screen)) throw new Error(`It has ended without ${pattern}:\n${screen}`);
    }
  }

  /** The terminal's title, which programs can set. */
  title(): Promise<string> {
    return this.#tmux("display-message", "-p", "#{pane_title}");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tmux("kill-server").catch(() => {});
  }
}

terminalTest("has a prompt, shows messages above the typed line, and closes on Ctrl-D", async (url) => {
  await using terminal = await Terminal.start(["--protocol", "chat", "--compress", `${url}greeting`]);
  await terminal.shows(/^> $|^>$/m);
  await terminal.type("Hello", "Enter");
  await terminal.shows(/^< Hello$/m);
  await terminal.type("//slash", "Enter");
  await terminal.shows(/^< \/slash$/m);
  // The history.
  await terminal.type("Up", "Up", "Enter");
  await terminal.shows(/^< Hello$[^]*^< Hello$/m);
  await terminal.type("C-d");
  const screen = await terminal.shows(/^exit code 0$/m);
  assertEquals(screen.trim().split("\n"), [
    `connected to ${url}greeting (chat, permessage-deflate)`,
    "< Welcome",
    "> Hello",
    "< Hello",
    "> //slash",
    "< /slash",
    "> Hello",
    "< Hello",
    "closed with 1000",
    "exit code 0",
  ]);
});

// Row: terminal
terminalTest("can't be controlled by anything a peer sends", async (url) => {
  await using terminal = await Terminal.start([url]);
  const title = await terminal.title();
  await terminal.shows(/^>$/m);
  await terminal.type("say evil", "Enter");
  const screen = await terminal.shows(/tail$/m);
  assertEquals(screen.trim().split("\n"), [`connected to ${url}`, "> say evil", `< ${SHOWN}`, ">"]);
  assertEquals(await terminal.title(), title);
  await terminal.type("close evil", "Enter");
  assertStringIncludes(await terminal.shows(/^exit code 5$/m), "closed with 4000 \\x1b[2J\\u{202e} bye");
});

terminalTest("keeps what is being typed when a message comes", async (url) => {
  await using terminal = await Terminal.start([url]);
  await terminal.shows(/^>$/m);
  await terminal.type("/ping", "Enter", "half a li");
  const screen = await terminal.shows(/the Pong came after [\d.]+ ms\n> half a li$/m);
  assertMatch(screen, /^> \/ping\n/m);
  await terminal.type("ne", "Enter");
  await terminal.shows(/^< half a line$/m);
});

terminalTest("takes /help, /close and unknown commands, and shows binary messages", async (url) => {
  await using terminal = await Terminal.start([url]);
  await terminal.shows(/^>$/m);
  await terminal.type("/nope", "Enter");
  await terminal.shows(/^There is no \/nope\. \/ping measures/m);
  await terminal.type("/close 1006", "Enter");
  await terminal.shows(/^Cannot /m);
  await terminal.type("say bytes", "Enter");
  await terminal.shows(/^< 00ff10 \(3 bytes\)$/m);
  await terminal.type("/close 4000 enough of it", "Enter");
  assertMatch(await terminal.shows(/^exit code 5$/m), /^closed with 4000/m);
});

terminalTest("closes on Ctrl-C", async (url) => {
  await using terminal = await Terminal.start([url]);
  await terminal.shows(/^>$/m);
  await terminal.type("unfinished", "C-c");
  assertMatch(await terminal.shows(/^exit code 0$/m), /^closed with 1000$/m);
});

terminalTest("uses colors, unless NO_COLOR is set", async (url) => {
  await using terminal = await Terminal.start([`${url}greeting`], true);
  await terminal.shows(/Welcome/);
  assertMatch(await terminal.screen("-e"), /\p{Cc}\[36m[^<]*<.*Welcome/u);
  await using plain = await Terminal.start([`${url}greeting`]);
  await plain.shows(/Welcome/);
  assertFalse((await plain.screen("-e")).includes("\x1b"));
});

terminalTest("refuses --binary raw, which would let a peer control it", async (url) => {
  await using terminal = await Terminal.start(["--binary", "raw", url]);
  assertStringIncludes(await terminal.shows(/^exit code 1$/m), "--binary raw needs pipes or files");
});
