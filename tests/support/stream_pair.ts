/**
 * Our client and server without listeners, so that their streams can be used.
 *
 * @module
 */
import { Client, type ClientOptions } from "../../src/client/client.ts";
import { makePair } from "../../src/testing/make_pair.ts";
import { Server, type ServerOptions } from "../../src/server/server.ts";
import { type HostKind, hostKinds, LONG } from "./hosts.ts";
import type { Needs } from "./permissions.ts";

/** How a pair is set up. */
export interface StreamPairOptions {
  server?: ServerOptions;
  client?: ClientOptions;
}

/** A connected pair. Disposal ends both sides. */
export interface StreamPair extends AsyncDisposable {
  client: Client;
  server: Server;
}

/** One kind of transport. */
export interface PairKind {
  /** For the names of tests. */
  name: string;
  permissions: Needs;
  open(options?: StreamPairOptions): Promise<StreamPair>;
}

/** Connects over a kind of server. */
export async function openStreams(kind: HostKind, options: StreamPairOptions = {}): Promise<StreamPair> {
  const accepted = Promise.withResolvers<Server>();
  const host = await kind.open((env) => {
    const server = new Server(env, { closeTimeout: LONG, ...options.server });
    server.startConnection();
    accepted.resolve(server);
    return server.response;
  });
  const client = new Client(host.url, { closeTimeout: LONG, ...options.client });
  await client.startConnection(host.reach());
  const server = await accepted.promise;
  await server.opened;
  return {
    client,
    server,
    async [Symbol.asyncDispose]() {
      client.terminate();
      server.terminate();
      await Promise.all([client.closed, server.closed]);
      await host[Symbol.asyncDispose]();
    },
  };
}

async function openInMemory({ server, client }: StreamPairOptions = {}): Promise<StreamPair> {
  const pair = await makePair({ closeTimeout: LONG, server, client });
  return {
    ...pair,
    async [Symbol.asyncDispose]() {
      pair.client.terminate();
      pair.server.terminate();
      await Promise.all([pair.client.closed, pair.server.closed]);
    },
  };
}

/** The kinds on which backpressure is to be felt: a socket of our own, one of node's, and none. */
export const pairKinds: readonly PairKind[] = [
  ...hostKinds.filter(({ name }) => name === "serve on tcp" || name === "node:http").map((kind) => ({
    name: kind.name,
    permissions: kind.permissions,
    open: (options?: StreamPairOptions) => openStreams(kind, options),
  })),
  { name: "makePair()", permissions: {}, open: openInMemory },
];

/** The pair in memory: for what is the same on every transport. */
export const inMemory: PairKind = pairKinds.at(-1)!;

/** Lets everything else go on that can. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Reads all that is there to be read. */
export async function readAll<T>(readable: ReadableStream<T>): Promise<T[]> {
  return await Array.fromAsync(readable);
}
