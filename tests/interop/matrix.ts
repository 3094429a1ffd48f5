/**
 * Tries this driver on peers that nobody here wrote, and writes docs/interop.md:
 *
 *     deno task test:interop            # compares the file with what came out
 *     deno task test:interop --write    # writes it
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { CertificateFiles } from "./_certificate_files.ts";
import { render, type Row } from "./_document.ts";
import { Nginx } from "./_nginx.ts";
import { ourClient, OurServer, type Target } from "./_ours.ts";
import { clients, type Files, type Outcomes, runChromium, runClient, ServerProcess, servers } from "./_peers.ts";
import { runChecks } from "./peers/checks.mjs";

const DOCUMENT = new URL("../../docs/interop.md", import.meta.url);

const rows: Row[] = [];

/** Registers a row of the matrix: a test with a step for every check. */
function row(client: string, server: string, run: (files: CertificateFiles) => Promise<Outcomes>): void {
  Deno.test(`${client} talks to ${server}`, async (t) => {
    await using files = await CertificateFiles.write();
    const outcomes = await run(files);
    rows.push({ client, server, outcomes });
    for (const [name, outcome] of Object.entries(outcomes)) {
      await t.step(name, () => {
        if (typeof outcome === "object" && "failed" in outcome) throw new Error(outcome.failed);
      });
    }
  });
}

const OURS = "@wsd/driver";

const talkers: Record<string, (target: Target, files: Files) => Promise<Outcomes>> = {
  ...Object.fromEntries(clients.map((program) => [program.name, runClient.bind(null, program)])),
  Chromium: runChromium,
  [OURS]: (target, { ca }) => runOurs(target, ca),
};

for (const [name, talk] of Object.entries(talkers)) {
  row(name, OURS, async (files) => {
    await using server = new OurServer(files.certificate);
    return await talk(server.target, files);
  });
}

for (const program of servers) {
  row(OURS, program.name, async (files) => {
    await using server = await ServerProcess.start(program, files);
    return await runOurs(server.target, files.ca);
  });
}

for (const name of [OURS, "ws", "Chromium"]) {
  row(name, `nginx, ${OURS}`, async (files) => {
    await using server = new OurServer(files.certificate);
    await using proxy = await Nginx.start(server.target.plain, files);
    return await talkers[name](proxy.target, files);
  });
}

async function runOurs(target: Target, ca: string): Promise<Outcomes> {
  return await runChecks(ourClient(await Deno.readTextFile(ca)), target);
}

Deno.test("docs/interop.md shows the results", async () => {
  const document = render(rows);
  if (Deno.args.includes("--write")) await Deno.writeTextFile(DOCUMENT, document);
  assertEquals(await Deno.readTextFile(DOCUMENT), document, "Run: deno task test:interop --write");
});
