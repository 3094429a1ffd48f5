/**
 * A WebSocket server and client for Deno. They speak RFC 6455 themselves, on Deno's sockets and on Web Streams, so you
 * get what the built-in WebSocket leaves out: pings, compression, backpressure, limits, and an exact close code for
 * every end.
 *
 * ## A server
 *
 * ```ts ignore
 * // server.ts: run it with deno run --allow-net server.ts
 * import { makeServer, serve } from "@wsd/driver";
 *
 * serve({ port: 5000, shutdownOn: ["SIGINT"] }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => ws.send("Welcome"));
 *   ws.on("message", (message) => ws.send(message));
 *   ws.on("close", ({ code, reason }) => console.log("Closed:", code, reason));
 *   return ws.accept();
 * });
 * ```
 *
 * The same handler runs under `Deno.serve`; {@linkcode makeServer} also accepts a socket of `node:http`.
 *
 * ## A client
 *
 * ```ts ignore
 * // client.ts: run it with deno run --allow-net client.ts
 * import { connect } from "@wsd/driver";
 *
 * const ws = await connect("ws://localhost:5000/");
 * console.log("Got:", await ws.receive()); // Got: Welcome
 * ws.send("Hi");
 * console.log("Got:", await ws.receive()); // Got: Hi
 * ws.on("close", ({ code, reason }) => console.log("Closed:", code, reason)); // Closed: 1000 That was all
 * ws.close(1000, "That was all");
 * ```
 *
 * ## Rooms
 *
 * One call sends a message to everybody in a room. A connection that closes leaves automatically.
 *
 * ```ts ignore
 * import { makeServer, serve } from "@wsd/driver";
 * import { Topics } from "@wsd/driver/topics";
 *
 * const rooms = new Topics({ name: "chat" });
 *
 * serve({ port: 5000, shutdownOn: ["SIGINT"] }, (request) => {
 *   const room = new URL(request.url).pathname;
 *   const ws = makeServer(request, { maxLength: 4096 });
 *   ws.on("open", () => rooms.subscribe(ws, room));
 *   ws.on("message", (message) => rooms.publish(room, message, { except: ws }));
 *   return ws.accept();
 * });
 * ```
 *
 * With one more option, rooms reach all processes and machines, over Redis or NATS. {@linkcode broadcast} sends to
 * any group of connections.
 *
 * ## Reconnecting
 *
 * Each round has a new connection, after a growing random wait; leaving the loop ends it.
 *
 * ```ts ignore
 * import { connections } from "@wsd/driver";
 *
 * for await (const ws of connections("ws://localhost:5000/")) {
 *   ws.on("message", (message) => console.log(message));
 *   await ws.closed;
 * }
 * ```
 *
 * {@linkcode makeReconnectingClient} is one object that outlives its connections and queues messages meanwhile.
 *
 * ## More
 *
 * | Import                  | Contents                                                                  |
 * | ----------------------- | ------------------------------------------------------------------------- |
 * | `@wsd/driver`           | What most programs need, for both sides                                   |
 * | `@wsd/driver/client`    | The client side only, with the types of all its options                   |
 * | `@wsd/driver/server`    | The server side only, with the types of all its options                   |
 * | `@wsd/driver/topics`    | Rooms: groups of connections, in one process or in many                   |
 * | `@wsd/driver/redis`     | Carries topics between machines over Redis                                |
 * | `@wsd/driver/nats`      | Carries topics between machines over NATS                                 |
 * | `@wsd/driver/telemetry` | Metrics and traces of every connection, with OpenTelemetry                 |
 * | `@wsd/driver/protocol`  | RFC 6455 on bytes, without any input or output                            |
 * | `@wsd/driver/cli`       | A command line: `deno run --allow-net jsr:@wsd/driver/cli ws://localhost` |
 *
 * The guide is in the package's docs folder: a tutorial, authentication, slow consumers, deploying, errors, limits.
 *
 * ## Testing
 *
 * {@linkcode makePair} connects a client and a server in memory: no port, no network.
 *
 * @example Echo in memory
 * ```ts
 * import { makePair } from "@wsd/driver";
 *
 * await using pair = await makePair();
 * pair.server.on("message", (message) => pair.server.send(message));
 * pair.client.send("Hi");
 * console.log(await pair.client.receive()); // Hi
 * ```
 *
 * @module
 */
// The exports for newcomers come first. The types of individual options are in client.ts and server.ts.
export { serve } from "./src/server/serve.ts";
export { makeServer } from "./src/server/make_server.ts";
export { connect } from "./src/client/connect.ts";
export { makeClient } from "./src/client/make_client.ts";
export { connections, type ConnectionsOptions } from "./src/client/connections.ts";
export { makeReconnectingClient, type ReconnectingClient } from "./src/client/reconnecting_client.ts";
export type { ReconnectingClientOptions } from "./src/client/reconnecting_options.ts";
export { broadcast, type BroadcastOptions, type BroadcastResult } from "./src/topics/broadcast.ts";
export { prepareMessage } from "./src/driver/prepare_message.ts";
export { PreparedMessage } from "./src/protocol/prepared_message.ts";
export { isWebSocket } from "./src/server/is_web_socket.ts";
export { Server, type ServerOptions } from "./src/server/server.ts";
export type { WebSocketListener } from "./src/server/websocket_listener.ts";
export type { ServeHandler, ServeHandlerInfo, ServeOptions } from "./src/server/serve_options.ts";
export { Client, type ClientOptions } from "./src/client/client.ts";
export type { ProxyOptions } from "./src/client/proxy/proxy.ts";
export { WebSocketDriver } from "./src/driver/websocket_driver.ts";
export type { WebSocketDriverOptions } from "./src/driver/options.ts";
export type { ReadyState, WebSocketEvents } from "./src/driver/events.ts";
export type { SendOptions } from "./src/driver/send_options.ts";
export type { MessageData } from "./src/connection/message_data.ts";
export type { CloseInfo } from "./src/protocol/close_payload.ts";
export { CloseCode, isSendableCloseCode } from "./src/close_code.ts";
export type { PerMessageDeflateOptions } from "./src/deflate/options.ts";
export { setCompressionBudget } from "./src/deflate/compression_budget.ts";
export { MessageStream } from "./src/streams/message_stream.ts";
export type { MessageChunks } from "./src/streams/chunk_reader.ts";
export type { SendStreamOptions } from "./src/streams/send_stream.ts";
export { ConnectionError, ErrorCode, ProtocolError, WebSocketError } from "./src/errors.ts";
export { HandshakeError } from "./src/handshake_error.ts";
export { WebSocket } from "./src/web/web_socket.ts";
export type { WebSocketInit } from "./src/web/web_socket_options.ts";
export { WebSocketStream, type WebSocketStreamOptions } from "./src/web/web_socket_stream.ts";
export { ReconnectingWebSocket, type ReconnectingWebSocketOptions } from "./src/web/reconnecting_web_socket.ts";
export { upgradeWebSocket, type UpgradeWebSocketOptions } from "./src/web/upgrade_web_socket.ts";
export { upgradeWebSocketStream } from "./src/web/upgrade_web_socket_stream.ts";
export { makePair, type PairOptions, type WebSocketPair } from "./src/testing/make_pair.ts";
