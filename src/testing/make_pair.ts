import { Client, type ClientOptions } from "../client/client.ts";
import type { WebSocketDriverOptions } from "../driver/options.ts";
import { acceptOn } from "../server/accept_on.ts";
import type { Server, ServerOptions } from "../server/server.ts";
import { StreamTransport } from "../transport/stream_transport.ts";

/**
 * How a pair is made.
 *
 * @example Test what comes of a message that is too long
 * ```ts
 * import { makePair, type PairOptions } from "@wsd/driver";
 *
 * const options: PairOptions = { url: "ws://localhost/room/1", acceptProtocols: ["chat"], server: { maxLength: 5 } };
 * await using pair = await makePair(options);
 * pair.client.send("too long");
 * console.log((await pair.client.closed).code); // 1009
 * ```
 * @category Testing
 */
export interface PairOptions extends Omit<WebSocketDriverOptions, "additionalHeaders"> {
  /**
   * What the client asks for; nothing is dialled.
   *
   * @default {"ws://localhost/"}
   */
  url?: string | URL;
  /** The options for the server's side only; they override those for both. */
  server?: ServerOptions;
  /** The options for the client's side only; they override those for both. */
  client?: Omit<ClientOptions, "transport" | "socketPath" | "maxRedirects">;
}

/**
 * Two drivers that are connected with each other. Its disposal closes the connection, and waits for its end.
 *
 * @example Test your own code
 * ```ts
 * import { makePair, type Server, type WebSocketPair } from "@wsd/driver";
 *
 * // What is tested.
 * function shout(ws: Server): void {
 *   ws.on("message", (message) => ws.send(String(message).toUpperCase()));
 * }
 *
 * await using pair: WebSocketPair = await makePair();
 * shout(pair.server);
 * pair.client.send("Hi");
 * for await (const message of pair.client) {
 *   console.log(message);
 *   break;
 * }
 * ```
 * @category Testing
 */
export interface WebSocketPair extends AsyncDisposable {
  /** The side that accepted. */
  readonly server: Server;
  /** The side that connected. */
  readonly client: Client;
}

/**
 * Connects two drivers in memory, with no socket and no permission: for your own tests.
 *
 * Everything is as over TCP, from the opening handshake on; a subprotocol is agreed on, a bad option refused. Both sides
 * are open when they are given out.
 *
 * @param options Limits and times of both sides or of one, and the URL.
 * @returns The pair.
 * @throws {HandshakeError} As a rejection, if the two can't agree.
 * @throws {TypeError} As a rejection, if an option is malformed.
 *
 * @example Test a greeting
 * ```ts
 * import { makePair } from "@wsd/driver";
 *
 * await using pair = await makePair({ acceptProtocols: ["chat"] });
 * const { server, client } = pair;
 * server.send("Welcome");
 * for await (const message of client) {
 *   console.log(message);
 *   break;
 * }
 * console.log(client.protocol); // chat
 * ```
 * @category Testing
 */
export async function makePair(options: PairOptions = {}): Promise<WebSocketPair> {
  const { url = "ws://localhost/", server: serverOptions, client: clientOptions, ...both } = options;
  const there = new TransformStream<Uint8Array, Uint8Array>();
  const back = new TransformStream<Uint8Array, Uint8Array>();
  const transport = new StreamTransport({ readable: back.readable, writable: there.writable });
  const client = new Client(url, { ...both, ...clientOptions, transport });
  const accepted = acceptOn(new StreamTransport({ readable: there.readable, writable: back.writable }), {
    ...both,
    ...serverOptions,
  });
  // The side that fails first knows why; the other one only sees the connection end.
  await Promise.all([client.startConnection(), accepted]);
  const server = await accepted;
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      await Promise.all([client[Symbol.asyncDispose](), server[Symbol.asyncDispose]()]);
    },
  };
}
