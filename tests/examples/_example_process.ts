const ROOT = new URL("../../", import.meta.url);

/**
 * An example that runs in a process of its own, and has printed where it listens. It runs in an empty folder, from a copy,
 * as if somebody had taken it from the documentation.
 */
export class ExampleProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #ended: Promise<unknown>;
  #text = "";
  #printed = Promise.withResolvers<void>();
  #hasEnded = false;
  /** Where it listens: an address that begins with `http`. */
  url = "";

  private constructor(child: Deno.ChildProcess, folder: string) {
    this.#child = child;
    this.#folder = folder;
    // Where Deno.serve listens, it says on standard error.
    this.#ended = Promise.all([this.#read(child.stdout), this.#read(child.stderr)]).then(() => {
      this.#hasEnded = true;
      this.#printed.resolve();
    });
  }

  async #read(output: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    for await (const text of output.pipeThrough(new TextDecoderStream())) {
      this.#text += text;
      this.#printed.resolve();
      this.#printed = Promise.withResolvers();
    }
  }

  /**
   * Starts it, and waits until it says where it listens.
   *
   * @param name Its file in `examples/`.
   * @param args Its arguments.
   * @param flags What it is allowed beside the network.
   * @param source The content of the file, if it is not in `examples/`.
   * @returns The running example.
   */
  static async start(name: string, args: string[], flags: string[] = [], source?: string): Promise<ExampleProcess> {
    const example = await ExampleProcess.spawn(name, args, flags, source);
    const { groups } = await example.until(/(?:http|ws)s?:\/\/[\w.]+:(?<port>\d+)[\s/]/);
    example.url = `http://localhost:${groups!.port}/`;
    return example;
  }

  /** Starts it, and waits for nothing. */
  static async spawn(name: string, args: string[], flags: string[] = [], source?: string): Promise<ExampleProcess> {
    const folder = await copy(name, source);
    const all = ["run", "--allow-net", ...flags, `${folder}/${name}`, ...args];
    const options = { args: all, cwd: folder, env: { DENO_NO_UPDATE_CHECK: "1", NO_COLOR: "1" } };
    const child = new Deno.Command(Deno.execPath(), { ...options, stdout: "piped", stderr: "piped" }).spawn();
    return new ExampleProcess(child, folder);
  }

  /** The same address for a WebSocket. */
  get socketUrl(): string {
    return this.url.replace("http:", "ws:");
  }

  /** Waits until what it has printed matches. */
  async until(pattern: RegExp): Promise<RegExpMatchArray> {
    for (;;) {
      const match = this.#text.match(pattern);
      if (match !== null) return match;
      if (this.#hasEnded) throw new Error(`The example has ended; it had printed: ${this.#text}`);
      await this.#printed.promise;
    }
  }

  /** Sends it a signal. */
  kill(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Waits for its end. */
  async end(): Promise<number> {
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // It has ended by itself.
    }
    await this.#ended;
    await this.#child.status;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** An empty folder with the file alone, and with what `deno add` writes, were the package published. */
async function copy(name: string, source?: string): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "example" });
  const at = (path: string) => new URL(path, ROOT).href;
  const { exports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const entries = Object.entries<string>(exports).map(([name, path]) => [`@wsd/driver${name.slice(1)}`, at(path)]);
  const imports = {
    ...Object.fromEntries(entries),
    "@std/http/status": at("links/http/status.ts"),
    "@std/encoding/base64": at("links/encoding/base64.ts"),
    "@std/encoding/hex": at("links/encoding/hex.ts"),
  };
  await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify({ imports, lock: false }));
  const text = source ?? await Deno.readTextFile(new URL(`examples/${name}`, ROOT));
  await Deno.writeTextFile(`${folder}/${name}`, text);
  await copyBeside(text, folder);
  return folder;
}

/** Copies what an example imports from beside it: its page, or another example. */
async function copyBeside(text: string, folder: string): Promise<void> {
  for (const [, name] of text.matchAll(/from "\.\/([\w.]+)"/g)) {
    const beside = await Deno.readTextFile(new URL(`examples/${name}`, ROOT));
    await Deno.writeTextFile(`${folder}/${name}`, beside);
    await copyBeside(beside, folder);
  }
}
