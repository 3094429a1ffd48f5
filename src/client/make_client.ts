import { Client, type ClientOptions } from "./client.ts";

/**
 * Makes a client for a WebSocket server. Nothing is connected until {@linkcode Client.startConnection}.
 *
 * @param url Where to connect to: `ws:` or `wss:`, or `http:` and `https:` in their place.
 * @param options Limits, times, subprotocols, headers, certificates.
 * @returns The client.
 * @throws {TypeError} If the URL or an option is malformed.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example Make a client, and see what it refuses
 * ```ts
 * import { makeClient } from "@wsd/driver";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * const ws = makeClient("ws://localhost:5000/chat", { acceptProtocols: ["chat"] });
 * assertEquals(ws.readyState, "connecting");
 * assertThrows(() => makeClient("localhost:5000"), TypeError, "scheme");
 * ```
 * @category Client
 */
export function makeClient(url: string | URL, options: ClientOptions = {}): Client {
  return new Client(url, options);
}
