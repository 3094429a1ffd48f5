/**
 * The command line as a program of its own, and a server for it to talk to.
 *
 * @module
 */
import { makeServer, serve, type Server } from "@wsd/driver";

const ROOT = new URL("../../", import.meta.url);

/** What the tests of it need. */
export const NEEDS = { net: true, run: true, read: true, write: true, env: true } as const;

/** How it is started: with no permission but the network, and without a prompt for more. */
export const PROGRAM: readonly string[] = [
  Deno.execPath(),
  "run",
  "--no-prompt",
  "--no-check",
  "--allow-net",
  "--config",
  new URL("deno.json", ROOT).pathname,
  new URL("cli.ts", ROOT).pathname,
];

/** What came of a run. */
export interface Outcome {
  code: number;
  stdout: string;
  stderr: string;
}

/** A run under way. */
export class Run implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #output: [Gathered, Gathered];

  constructor(args: readonly string[], flags: readonly string[] = []) {
    const [path, ...rest] = PROGRAM;
    this.#child = new Deno.Command(path, {
      args: [...rest.slice(0, -1), ...flags, rest.at(-1)!, ...args],
      env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#writer = this.#child.stdin.getWriter();
    this.#output = [new Gathered(this.#child.stdout), new Gathered(this.#child.stderr)];
  }

  /** Writes to its standard input. */
  async write(text: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(text)).catch(() => {});
  }

  /** Ends its standard input. */
  async end(): Promise<void> {
    await this.#writer.close().catch(() => {});
  }

  /** Waits until it has printed so much to standard output, or standard error. */
  async printed(pattern: RegExp, where: "stdout" | "stderr" = "stdout"): Promise<RegExpExecArray> {
    return await this.#output[where === "stdout" ? 0 : 1].until(pattern);
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async outcome(): Promise<Outcome> {
    const [{ code }, stdout, stderr] = await Promise.all([
      this.#child.status,
      ...this.#output.map((stream) => stream.whole()),
    ]) as [Deno.CommandStatus, string, string];
    await this.end();
    return { code, stdout, stderr };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await this.outcome();
  }
}

/** What a stream brings, kept. */
class Gathered {
  #text = "";
  #wake = () => {};
  readonly #done: Promise<void>;
  #ended = false;

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#done = stream.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({
        write: (text) => {
          this.#text += text;
          this.#wake();
        },
      }),
    ).finally(() => {
      this.#ended = true;
      this.#wake();
    });
  }

  async until(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.#text);
      if (match !== null) return match;
      if (this.#ended) throw new Error(`It has ended without ${pattern}: ${JSON.stringify(this.#text)}`);
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  async whole(): Promise<string> {
    await this.#done;
    return this.#text;
  }
}

/** Runs it to its end. */
export async function run(args: readonly string[], input = "", flags: readonly string[] = []): Promise<Outcome> {
  await using running = new Run(args, flags);
  await running.write(input);
  await running.end();
  return await running.outcome();
}

/** What a peer may send to change what is on the screen, or what it seems to say. */
export const EVIL = "\x1b[2J\x1b[H\x1b]0;pwned\x07\x9b31m\x08\x7f \u202etxt.exe\u2066\r\n\ttail";
/** The same, as it is to be shown. */
export const SHOWN = "\\x1b[2J\\x1b[H\\x1b]0;pwned\\x07\\x9b31m\\x08\\x7f \\u{202e}txt.exe\\u{2066}\\r\\n\\ttail";

/** A server that echoes, and does what some messages and paths say. */
export function talkingServer(onRequest: (request: Request) => void = () => {}) {
  const commands: Record<string, (ws: Server) => void> = {
    "say bytes": (ws) => ws.send(Uint8Array.of(0, 255, 16)),
    "say evil": (ws) => ws.send(EVIL),
    "close normally": (ws) => void ws.close(1000),
    "close without a code": (ws) => void ws.close(),
    "close evil": (ws) => void ws.close(4000, "\x1b[2J\u202e bye"),
    "cut": (ws) => ws.terminate(),
  };
  const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    onRequest(request);
    const { pathname } = new URL(request.url);
    if (pathname === "/refused") return new Response(`Who are you?\n${EVIL}\n`, { status: 401 });
    const ws = makeServer(request, { acceptProtocols: ["chat"], perMessageDeflate: true });
    if (pathname === "/greetings") ws.on("open", () => ["Hi", "there"].forEach((text) => ws.send(text)));
    if (pathname === "/greeting") ws.on("open", () => ws.send("Welcome"));
    ws.on("message", (message) => {
      const act = commands[String(message)];
      if (act !== undefined) act(ws);
      else ws.send(message);
    });
    return ws.accept();
  });
  return { url: `ws://127.0.0.1:${server.addr.port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}
