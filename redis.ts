/**
 * Topics across machines, over Redis.
 *
 * @example Two processes of one application
 * ```ts ignore
 * import { createClient } from "npm:@redis/client@6";
 * import { Topics } from "@wsd/driver/topics";
 * import { RedisBroker } from "@wsd/driver/redis";
 *
 * const client = createClient({ url: "redis://localhost", disableOfflineQueue: true });
 * client.on("error", (error) => console.error(error.message));
 * await client.connect();
 *
 * const topics = new Topics({ name: "app", broker: new RedisBroker(client) });
 * topics.on("gap", ({ topic, missed }) => console.log("missed", missed ?? "some", "on", topic));
 * topics.publish("news", "Hi");
 * ```
 *
 * @example Any client with the needed methods
 * ```ts
 * import { RedisBroker, type RedisClient } from "@wsd/driver/redis";
 * import { Topics } from "@wsd/driver/topics";
 *
 * export function makeTopics(client: RedisClient): Topics {
 *   const topics = new Topics({ name: "app", broker: new RedisBroker(client) });
 *   topics.on("state", (state) => console.log("The broker is", state));
 *   topics.on("error", (error) => console.error(error.message));
 *   return topics;
 * }
 * ```
 *
 * @module
 */
export { RedisBroker, type RedisBrokerOptions } from "./src/topics/redis_broker.ts";
export type { IoRedisClient, NodeRedisClient, RedisClient } from "./src/topics/redis_client.ts";
export type { Broker, BrokerConnection, BrokerHandler } from "./src/topics/broker.ts";
