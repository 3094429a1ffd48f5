/**
 * The client that is run against Autobahn|Testsuite's fuzzing server: it takes every case there is, and has the server
 * write its reports.
 *
 *     deno run --allow-net tests/autobahn/client.ts ws://localhost:9001/
 */
import { makeClient } from "@wsd/driver";

/** The name under which the reports are written. */
export const AGENT = "wsd-driver";

/**
 * Runs all cases of a fuzzing server.
 *
 * @param url The server's address.
 * @param onCase Told of each case before it is run, counted from 1.
 * @returns How many cases were run.
 */
export async function runCases(
  url: string,
  onCase: (index: number, count: number) => void = () => {},
): Promise<number> {
  const count = Number(await visit(new URL("getCaseCount", url)));
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new TypeError(`Cannot run the cases of ${url}: it tells of none`);
  }
  for (let index = 1; index <= count; index++) {
    onCase(index, count);
    await visit(new URL(`runCase?case=${index}&agent=${AGENT}`, url), true);
  }
  await visit(new URL(`updateReports?agent=${AGENT}`, url));
  return count;
}

/** Connects, and echoes messages if asked to; returns the last message once the server has closed. */
async function visit(url: URL, echo = false): Promise<string | Uint8Array> {
  const ws = makeClient(url, { perMessageDeflate: { threshold: 0 } });
  let last: string | Uint8Array = "";
  ws.on("message", (message) => {
    last = message;
    if (echo) ws.send(message);
  });
  // What a case breaks on purpose is in the server's report.
  ws.on("error", () => {});
  const closed = new Promise((resolve) => ws.once("close", resolve));
  await ws.startConnection();
  await closed;
  return last;
}

if (import.meta.main) {
  const [url] = Deno.args;
  if (url === undefined) {
    console.error("Usage: deno run --allow-net tests/autobahn/client.ts URL");
    Deno.exit(2);
  }
  const count = await runCases(url, (index, count) => console.log(`Case ${index} of ${count}`));
  console.log(`Ran ${count} cases as ${AGENT}`);
}
