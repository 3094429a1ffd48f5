// @ts-check
/**
 * The load generator: a process of its own that drives a server over raw TCP with prepared frames, and prints what it
 * measured as JSON. Plain JavaScript, so that the lightest runtime on the machine can run it.
 */
import process from "node:process";
import { checkEcho } from "./check.js";
import { runEcho } from "./echo.js";
import { runFanOut } from "./fan_out.js";
import { makeRequest } from "./handshake.js";
import { runHandshakes } from "./handshakes.js";
import { runIdle } from "./idle.js";

/** @typedef {import("./task.js").Task} Task */
/** @typedef {import("./task.js").Sample} Sample */

/** One loopback address has ports for fewer connections than this. */
const PER_ADDRESS = 5000;

const RUN = { echo: runEcho, handshakes: runHandshakes, fanOut: runFanOut, idle: runIdle };

/** @returns {Promise<Sample>} */
async function main() {
  const task = JSON.parse(process.argv[2]);
  const { port, tls } = task;
  task.request = makeRequest(task.path);
  /** @param {number} index */
  task.addressOf = (index) => ({ host: `127.0.0.${1 + Math.floor(index / PER_ADDRESS)}`, port, tls });
  if (task.check) await checkEcho(task.addressOf(0), makeRequest("/"));
  return await RUN[/** @type {Task["load"]} */ (task.load)](task);
}

main().then((sample) => {
  process.stdout.write(JSON.stringify(sample) + "\n", () => process.exit(0));
}, (error) => {
  process.stderr.write(`${error?.stack ?? error}\n`, () => process.exit(1));
});
