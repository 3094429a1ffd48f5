import type { Target } from "./_ours.ts";

/** What `runChecks` needs to know of a client; see peers/checks.mjs. */
// deno-lint-ignore no-explicit-any
export type ClientPeer = Record<string, any>;

/** What came of a check. */
export type Outcome = "ok" | { limit: string } | { failed: string };

/** What came of all checks, by name. */
export type Outcomes = Record<string, Outcome>;

const ROOT = new URL("../../", import.meta.url).pathname;
/** Where the peers' programs are. */
export const PEERS_FOLDER = `${ROOT}tests/interop/peers/`;
/** Where npm has put its packages. */
export const MODULES = `${ROOT}.interop`;

/** Files that a peer's process reads. */
export interface Files {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A program that is run as a peer. */
export interface Program {
  /** As the matrix names it. */
  readonly name: string;
  /** The command, without the arguments that every peer of its kind gets. */
  readonly command: readonly string[];
  /** Which checks it can't do, and why. */
  readonly limits?: Record<string, string>;
  /** See {@linkcode Target}. */
  readonly standardCodes?: boolean;
}

/** What runs npm's packages. */
export const NODE = "node";
const DENO = [Deno.execPath(), "run", "-A", "--no-config"];
const BUN = `${MODULES}/node_modules/@oven/bun-linux-${Deno.build.arch === "aarch64" ? "aarch64" : "x64"}/bin/bun`;
const PYTHON = "/usr/bin/python3";

const WHOLE = "The server sends every message whole";

/** Clients, for our server. */
export const clients: readonly Program[] = [
  { name: "ws", command: [NODE, "node_client.mjs", "ws"] },
  { name: "undici", command: [NODE, "node_client.mjs", "undici"] },
  { name: "faye-websocket", command: [NODE, "node_client.mjs", "faye"] },
  { name: "Python websockets", command: [PYTHON, "python_client.py"] },
  { name: "Deno's built-in", command: [...DENO, "builtin_client.mjs"] },
  { name: "Bun", command: [BUN, "builtin_client.mjs"] },
];

/** Servers, for our client. */
export const servers: readonly Program[] = [
  { name: "ws", command: [NODE, "ws_server.mjs"] },
  {
    name: "faye-websocket",
    command: [NODE, "faye_server.mjs"],
    standardCodes: true,
    limits: { "fragments received": WHOLE },
  },
  { name: "Python websockets", command: [PYTHON, "python_server.py"] },
  {
    name: "Deno's built-in",
    command: [...DENO, "deno_server.mjs"],
    standardCodes: true,
    limits: {
      "fragments received": WHOLE,
      "ping answered": "Deno's built-in server has no ping",
      compression: "Deno's built-in server does not compress",
    },
  },
  { name: "Bun", command: [BUN, "bun_server.mjs"], limits: { "fragments received": WHOLE } },
];

function command(program: readonly string[], args: string[], files: Files): Deno.Command {
  const [path, ...rest] = program;
  return new Deno.Command(path, {
    args: [...rest, ...args],
    cwd: PEERS_FOLDER,
    env: { NODE_EXTRA_CA_CERTS: files.ca, DENO_CERT: files.ca, DENO_NO_UPDATE_CHECK: "1" },
    stdout: "piped",
    stderr: "inherit",
  });
}

/** Runs a client on a server's addresses, and reads what it prints. */
export async function runClient(program: Program, target: Target, files: Files): Promise<Outcomes> {
  const last = program.command[0] === PYTHON ? files.ca : MODULES;
  return await outcomesOf(command(program.command, [JSON.stringify(target), last], files));
}

/** Runs headless Chromium on our server's page, with the address to connect to. */
export async function runChromium(target: Target, files: Files): Promise<Outcomes> {
  const page = `${target.plain.replace("ws:", "http:")}/page`;
  const url = `${page}#${encodeURIComponent(JSON.stringify(target))}`;
  return await outcomesOf(command([NODE, "browser.mjs"], [url, MODULES, await findChromium()], files));
}

async function outcomesOf(client: Deno.Command): Promise<Outcomes> {
  const { stdout } = await client.output();
  const text = new TextDecoder().decode(stdout).trim();
  if (text === "") throw new Error("The client printed nothing");
  return JSON.parse(text.split("\n").at(-1)!);
}

/** Finds the browser. */
export async function findChromium(): Promise<string> {
  for (const name of ["chromium", "chromium-browser", "google-chrome"]) {
    for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
      const found = await Deno.stat(`${folder}/${name}`).then(({ isFile }) => isFile, () => false);
      if (found) return `${folder}/${name}`;
    }
  }
  throw new Error("Cannot find Chromium: run tests/interop/install.sh");
}

/** A server that runs in a process of its own. */
export class ServerProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #rest: ReadableStreamDefaultReader<string>;
  readonly target: Target;

  private constructor(child: Deno.ChildProcess, rest: ReadableStreamDefaultReader<string>, target: Target) {
    this.#child = child;
    this.#rest = rest;
    this.target = target;
  }

  /** Starts it, and waits until it says where it listens. */
  static async start(program: Program, files: Files): Promise<ServerProcess> {
    const child = command(program.command, [MODULES, files.cert, files.key], files).spawn();
    const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("\n")) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`${program.name} ended before it listened`);
      text += value;
    }
    return new ServerProcess(child, reader, { limits: {}, ...program, ...JSON.parse(text) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill();
    } catch {
      // It has ended by itself, which its checks have seen.
    }
    await this.#rest.cancel();
    await this.#child.status;
  }
}
