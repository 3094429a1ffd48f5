// @ts-check
/** The messages to and from the load generator. */

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
 * @property {number} [p90] The time that 90 % of the round trips stay below, in microseconds.
 * @property {number} [p99] The time that 99 % of the round trips stay below, in microseconds.
 * @property {number} [memory] The memory per connection, in bytes.
 * @property {number} [flood] The messages per second that came back to the connections that flood.
 * @property {number} [wire] The bytes that came back, with headers.
 */

export {};
