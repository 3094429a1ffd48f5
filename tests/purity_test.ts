import { assert, assertEquals, assertFalse, assertGreater, assertStringIncludes } from "@std/assert";
import { sourceFiles } from "./support/import_graph.ts";
import { PURE } from "./support/layering_rules.ts";
import { testWith } from "./support/permissions.ts";

// `src/protocol` and `src/handshake` are type-checked as if there were nothing but the language itself: no Deno, no
// timers, no streams. These few declarations let back in what every platform has. (Imports from `node:` pass this
// check, since Deno brings their types along; the layering test finds those.)
const PLATFORM = `
interface TextEncoderEncodeIntoResult { read: number; written: number }
declare class TextEncoder {
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): TextEncoderEncodeIntoResult;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(input?: ArrayBufferLike | ArrayBufferView, options?: { stream?: boolean }): string;
}
declare class DOMException extends Error {
  constructor(message?: string, name?: string);
}
declare const crypto: {
  getRandomValues<T extends ArrayBufferView>(array: T): T;
  subtle: { digest(algorithm: string, data: ArrayBuffer | ArrayBufferView): Promise<ArrayBuffer> };
};
`;

const ROOT = new URL("../", import.meta.url);
const NEEDS = { read: true, write: true, run: true };

/** What `deno check` says of files where only the language and {@linkcode PLATFORM} exist. */
async function checkPure(files: (folder: string) => Promise<string[]> | string[]): Promise<[boolean, string]> {
  const folder = await Deno.makeTempDir();
  try {
    const { imports, links, compilerOptions } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
    await Deno.writeTextFile(`${folder}/platform.d.ts`, PLATFORM);
    await Deno.writeTextFile(
      `${folder}/deno.json`,
      JSON.stringify({
        imports,
        links: (links ?? []).map((link: string) => new URL(link, ROOT).pathname),
        lock: false,
        compilerOptions: { ...compilerOptions, lib: ["esnext"], types: ["./platform.d.ts"] },
      }),
    );
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--config", `${folder}/deno.json`, ...await files(folder)],
      cwd: folder,
      env: { NO_COLOR: "1" },
      stdin: "null",
    }).output();
    return [success, new TextDecoder().decode(stderr)];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function checkText(text: string): Promise<[boolean, string]> {
  return await checkPure(async (folder) => {
    await Deno.writeTextFile(`${folder}/sample.ts`, text);
    return [`${folder}/sample.ts`];
  });
}

for (const name of PURE) {
  testWith(NEEDS, `src/${name} needs no platform`, async () => {
    const files = sourceFiles(ROOT, `src/${name}/`);
    assertGreater(files.length, 0);
    const [success, output] = await checkPure(() => files.map((file) => new URL(file, ROOT).pathname));
    assert(success, output);
  });
}

testWith(NEEDS, "the purity check passes globals that every platform has", async () => {
  const [success, output] = await checkText(`
    import { encodeBase64 } from "@std/encoding/base64";
    import { STATUS_TEXT } from "@std/http/status";
    const key: Uint8Array = crypto.getRandomValues(new Uint8Array(16));
    export const text: string = new TextDecoder("utf-8", { fatal: true }).decode(new TextEncoder().encode("a"));
    export const head: string = STATUS_TEXT[101] + encodeBase64(key);
  `);
  assert(success, output);
});

const IMPURE = [
  ["Deno", "export const version = Deno.version;", "'Deno'"],
  ["setTimeout", "setTimeout(() => {}, 1);", "'setTimeout'"],
  ["ReadableStream", "export const stream = new ReadableStream();", "'ReadableStream'"],
  ["WebSocket", "export let socket: WebSocket;", "'WebSocket'"],
  ["console", "console.log(1);", "'console'"],
  ["process", "export const env = process.env;", "'process'"],
] as const;

for (const [what, text, word] of IMPURE) {
  testWith(NEEDS, `the purity check finds ${what}`, async () => {
    const [success, output] = await checkText(text);
    assertFalse(success, output);
    assertStringIncludes(output, word);
    assertEquals(output.match(/\[ERROR\]/g)?.length, 1, output);
  });
}
