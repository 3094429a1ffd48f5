// @ts-check
/** What every server of the benchmarks is started with, and how it tells where it listens. Runs on any runtime. */
import process from "node:process";
import { createRequire } from "node:module";

/**
 * @typedef {object} Setup
 * @property {string} [cert] The certificate in PEM, where TLS is to be spoken.
 * @property {string} [key] Its private key.
 * @property {string} modules The folder that npm's packages were installed in, with a slash at its end.
 * @property {import("../load/main.js").Task["load"]} load What the load generator does.
 * @property {import("../load/frames.js").Payload} payload One message of the workload.
 * @property {number} fragments How many frames it is sent in.
 */

/** @type {Setup} */
export const setup = JSON.parse(process.argv[2]);

const { cert, key } = setup;

/** The certificate and the key, none where no TLS is to be spoken. */
export const identity = cert === undefined || key === undefined ? {} : { cert, key };

/** The path whose messages go to every connection. */
export const FAN_OUT = "/fan-out";

/**
 * Loads a package that the benchmarks have installed.
 *
 * @param {string} name Its name.
 * @returns {any} What it exports.
 */
export function load(name) {
  return createRequire(setup.modules)(name);
}

/** @param {number} port Where the server listens, on every address. */
export function ready(port) {
  process.stdout.write(`PORT ${port}\n`);
}
