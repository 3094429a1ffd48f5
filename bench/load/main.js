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

/**
 * @typedef {object} Task
 * @property {"echo" | "handshakes" | "fanOut" | "idle"} load What to do.
 * @property {number} port Where the server listens, on every loopback address.
 * @property {number} pid The server's process.
 * @property {boolean} tls Whether to speak TLS.
 * @property {string} path What to ask for.
 * @property {boolean} check Whether to check the echo first.
 * @property {number} warmup How long to run before measuring, in seconds.
 * @property {number} seconds How long to measure.
 * @property {Uint8Array} request The handshake.
 * @property {(index: number) => import("./tcp.js").Address} addressOf Where the connection of that number goes.
 */

/**
 * @typedef {object} Sample
 * @property {number} units The messages, deliveries or handshakes that were counted.
 * @property {number} bytes The payload of the messages.
 * @property {number} seconds How long that took.
 * @property {number} cpu CPU seconds of the process measured.
 * @property {number} load The load generator's share of a core.
 * @property {number} others How many cores other programs have taken meanwhile.
 * @property {number} [p50] The median time of a round trip, in microseconds.
 * @property {number} [p99] The time that 99 % of the round trips stay below, in microseconds.
 * @property {number} [memory] The memory per connection, in bytes.
 */

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
