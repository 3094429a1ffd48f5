import { Client, type ClientOptions } from "./client.ts";

/**
 * Creates a client for a WebSocket server. It doesn't connect before {@linkcode Client.startConnection}.
 *
 * @param url The server's URL: `ws:` or `wss:`, or `http:` or `https:` instead.
 * @param options Limits, times, subprotocols, headers, certificates.
 * @returns The client.
 * @throws {TypeError} If the URL or an option is malformed.
 * @throws {RangeError} If a number is out of its range.
 *
 * @example Create a client, and see what it refuses
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
