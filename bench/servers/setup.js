// @ts-check
/** The settings that every server is started with, and how it reports where it listens. Runs on any runtime. */
import process from "node:process";
import { createRequire } from "node:module";

/**
 * @typedef {object} Setup
 * @property {string} [cert] The certificate in PEM, if the server speaks TLS.
 * @property {string} [key] Its private key.
 * @property {string} modules The folder that npm's packages were installed in, with a slash at its end.
 * @property {"echo" | "handshakes" | "fanOut" | "broadcast" | "idle"} load What is measured.
 * @property {import("../load/frames.js").Payload} payload One message of the workload.
 * @property {number} fragments How many frames it is sent in.
 * @property {number} [sharedPort] The port that several processes share; 0 for the first of them.
 * @property {boolean} [compressed] Whether every message is compressed.
 * @property {boolean} [reports] Whether to print why a connection fails, and what it ends with.
 */

/** @type {Setup} */
export const setup = JSON.parse(process.argv[2]);

const { cert, key } = setup;

/** The certificate and the key, none without TLS. */
export const identity = cert === undefined || key === undefined ? {} : { cert, key };

/** The path whose messages go to every connection, sent to one after another. */
export const FAN_OUT = "/fan-out";

/** The same, by what the server has for that. */
export const BROADCAST = "/broadcast";

/** The level of compression, the same for all that let it be chosen. */
export const LEVEL = 6;

/** The longest message, in bytes. */
export const MAX_LENGTH = 128 * 1024 * 1024;

/**
 * Checks whether a connection is one of those that get every message.
 *
 * @param {string} url What was asked for.
 */
export function isForAll(url) {
  return url.endsWith(FAN_OUT) || url.endsWith(BROADCAST);
}

/**
 * Loads a package that the benchmarks have installed.
 *
 * @param {string} name Its name.
 * @returns {any} Its exports.
 */
export function load(name) {
  return createRequire(setup.modules)(name);
}

/**
 * Prints what happens to a connection, if that is wanted.
 *
 * @param {string} event What.
 * @param {...unknown} details The error, or the code and the reason.
 */
export function report(event, ...details) {
  if (setup.reports) console.error(`the server's "${event}":`, ...details);
}

/** @param {number} port Where the server listens, on every address. */
export function ready(port) {
  process.stdout.write(`PORT ${port}\n`);
}
