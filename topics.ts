/**
 * Topics: connections subscribe, and a message published on a topic reaches all of them, in this process, in its
 * workers and on other machines.
 *
 * @example A chat room
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 * import { Topics } from "@wsd/driver/topics";
 *
 * const topics = new Topics({ name: "chat" });
 *
 * // Port 0 chooses a free one; use your own.
 * const server = serve({ port: 0 }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => topics.subscribe(ws, "lobby"));
 *   ws.on("message", (message) => topics.publish("lobby", message, { except: ws }));
 *   ws.startConnection();
 *   return ws.response;
 * });
 * await server.shutdown();
 * await topics.close();
 * ```
 *
 * A broker carries messages to other processes: {@linkcode WorkerHub} and {@linkcode WorkerBroker} to the workers of
 * this one, `RedisBroker` of `@wsd/driver/redis` and `NatsBroker` of `@wsd/driver/nats` to any machine. Messages arrive
 * in order and at most once, and none is lost silently: `"gap"` says how many.
 *
 * @module
 */
export type { BroadcastOptions, BroadcastResult } from "./src/topics/broadcast.ts";
export type { Broker, BrokerConnection, BrokerHandler } from "./src/topics/broker.ts";
export { MemoryBroker } from "./src/topics/memory_broker.ts";
export { type PublishOptions, type PublishResult, Topics } from "./src/topics/topics.ts";
export type { Gap, TopicsEvents, TopicsStats } from "./src/topics/topics_events.ts";
export type { OutageOptions, TopicsOptions } from "./src/topics/topics_options.ts";
export { WorkerBroker, WorkerHub } from "./src/topics/worker_broker.ts";
