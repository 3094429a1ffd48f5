// Libraries that take a WebSocket class, with ours in its place, through the loss of every connection.
import { assertEquals } from "@std/assert";
import { makeServer, ReconnectingWebSocket, serve, type Server } from "../../mod.ts";
import { testWith } from "../support/permissions.ts";

const NEEDS = { net: true, read: true, env: true, sys: true };
const QUICK = { minDelay: 1, maxDelay: 10 };

/** For libraries that make a new socket when theirs is closed. */
class PatientWebSocket extends ReconnectingWebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols, { ...QUICK, reopen: false });
  }
}

/** For libraries that close what they leave. */
class QuickWebSocket extends ReconnectingWebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols, QUICK);
  }
}

testWith(NEEDS, "graphql-ws continues its subscriptions over a ReconnectingWebSocket", async () => {
  const { createClient, makeServer: makeGraphqlServer } = await import("npm:graphql-ws@6.4.2");
  const { buildSchema, parse, subscribe, validate, execute } = await import("npm:graphql@16.11.0");
  const schema = buildSchema("type Query { none: Int } type Subscription { connection: Int }");
  const open = new Set<Server>();
  let count = 0;
  // Refuses now and then, which no subscription notices.
  let refusals = 2;
  const graphql = makeGraphqlServer({
    onSubscribe: (_context: unknown, _id: unknown, { query }: { query: string }) => {
      const document = parse(query);
      const errors = validate(schema, document);
      return errors.length > 0 ? errors : { schema, document, rootValue: { connection: ticks } };
    },
    execute,
    subscribe,
  } as never);
  async function* ticks() {
    yield { connection: ++count };
    await new Promise(() => {});
  }
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    if (refusals-- > 0) return new Response(null, { status: 500 });
    const ws = makeServer(request, { acceptProtocols: ["graphql-transport-ws"] });
    ws.on("open", () => {
      open.add(ws);
      const closed = graphql.opened({
        protocol: ws.protocol ?? "",
        send: (text: string) => void ws.send(text),
        close: (code: number, reason: string) => void ws.closeConnection(reason, code),
        onMessage: (listener: (text: string) => Promise<void>) =>
          ws.on("message", (message) => void listener(String(message))),
      } as never, {} as never);
      ws.on("close", ({ code, reason }) => {
        open.delete(ws);
        closed(code, reason);
      });
    });
    ws.startConnection();
    return ws.response;
  });
  const client = createClient({
    url: `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`,
    webSocketImpl: PatientWebSocket,
    shouldRetry: () => true,
    retryAttempts: 100,
    retryWait: () => Promise.resolve(),
  });
  const values: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = client.subscribe({ query: "subscription { connection }" }, {
    next({ data }) {
      values.push(data?.connection);
      if (values.length === 3) return resolve();
      refusals = 2;
      for (const ws of open) ws.terminate();
    },
    error: () => {},
    complete: () => {},
  });
  await promise;
  assertEquals([values, open.size], [[1, 2, 3], 1]);
  unsubscribe();
  await client.dispose();
});

testWith(NEEDS, "y-websocket continues its document over a ReconnectingWebSocket", async () => {
  const { WebsocketProvider } = await import("npm:y-websocket@3.1.0");
  const Y = await import("npm:yjs@13.6.33");
  const { readSyncMessage, writeSyncStep1, writeUpdate } = await import("npm:y-protocols@1.0.7/sync");
  const { createDecoder, readVarUint } = await import("npm:lib0@0.2.120/decoding");
  const { createEncoder, length, toUint8Array, writeVarUint } = await import("npm:lib0@0.2.120/encoding");
  /** The number of messages of the protocol for documents, among others. */
  const SYNC = 0;
  const open = new Set<Server>();
  const shared = new Y.Doc();
  const message = (write: (encoder: ReturnType<typeof createEncoder>) => void) => {
    const encoder = createEncoder();
    writeVarUint(encoder, SYNC);
    write(encoder);
    // An answer without content is none.
    return length(encoder) > 1 ? toUint8Array(encoder) : null;
  };
  shared.on("update", (update: Uint8Array) => {
    for (const ws of open) ws.send(message((encoder) => writeUpdate(encoder, update))!);
  });
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("open", () => {
      open.add(ws);
      ws.send(message((encoder) => writeSyncStep1(encoder, shared))!);
    });
    ws.on("close", () => open.delete(ws));
    ws.on("message", (data) => {
      const decoder = createDecoder(data as Uint8Array<ArrayBuffer>);
      if (readVarUint(decoder) !== SYNC) return;
      const answer = message((encoder) => void readSyncMessage(decoder, encoder, shared, ws));
      if (answer !== null) ws.send(answer);
    });
    ws.startConnection();
    return ws.response;
  });
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}`;
  const docs = [new Y.Doc(), new Y.Doc()];
  const providers = docs.map((doc) => {
    const options = { WebSocketPolyfill: QuickWebSocket as never, disableBc: true, maxBackoffTime: 0 };
    return new WebsocketProvider(url, "room", doc, options);
  });
  const synced = () =>
    Promise.all(
      providers.map((provider) => new Promise((resolve) => provider.on("sync", (state) => state && resolve(null)))),
    );
  const seen = (text: string) =>
    new Promise<void>((resolve) => {
      const look = () => String(docs[1].getText("t")) === text && resolve();
      docs[1].on("update", look);
      look();
    });
  await synced();
  docs[0].getText("t").insert(0, "one");
  await seen("one");
  const again = synced();
  for (const ws of open) ws.terminate();
  docs[0].getText("t").insert(3, " two");
  await again;
  await seen("one two");
  assertEquals(open.size, 2);
  const closed = [...open].map((ws) => ws.closed);
  for (const provider of providers) provider.destroy();
  for (const doc of docs) doc.destroy();
  await Promise.all(closed);
  // The library waits in vain for its next attempt.
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(open.size, 0);
});
