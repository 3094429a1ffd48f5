/**
 * Compiles the engine of compression, src/deflate/wasm/ in AssemblyScript, to WebAssembly, and writes it to
 * src/deflate/_module.ts.
 *
 *     deno task build:wasm [--check]      # --check compares instead of writing, and fails if the file is out of date
 *
 * @module
 */
import asc from "npm:assemblyscript@0.28.20/asc";

const ROOT = new URL("../", import.meta.url);
const SOURCE = "src/deflate/wasm/mod.ts";
const TARGET = "src/deflate/_module.ts";
const LINE = 120;

async function compile(): Promise<Uint8Array> {
  let binary: Uint8Array | null = null;
  const options = [
    "--outFile",
    "module.wasm",
    "-O3",
    "--converge",
    "--noAssert",
    "--runtime",
    "stub",
    "--use",
    "abort=",
  ];
  const { error, stderr } = await asc.main([SOURCE, ...options], {
    readFile: async (name) => {
      try {
        return await Deno.readTextFile(new URL(name, ROOT));
      } catch {
        return null;
      }
    },
    writeFile: (name, contents) => {
      if (name === "module.wasm" && contents instanceof Uint8Array) binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === null) {
    throw new Error(`Cannot compile ${SOURCE}: ${stderr.toString()}`, { cause: error });
  }
  return binary;
}

function render(binary: Uint8Array): string {
  const lines = binary.toBase64().match(new RegExp(`.{1,${LINE}}`, "g")) ?? [];
  return `// Written by \`deno task build:wasm\` from src/deflate/wasm/: change that.

/** The engine of compression as WebAssembly, in base64; ${binary.length} bytes. */
export const MODULE = \`
${lines.join("\n")}
\`;
`;
}

const target = new URL(TARGET, ROOT);
const text = render(await compile());
if (!Deno.args.includes("--check")) await Deno.writeTextFile(target, text);
else if (await Deno.readTextFile(target) !== text) {
  console.error(`${TARGET} is not what ${SOURCE} compiles to: run deno task build:wasm`);
  Deno.exit(1);
}
