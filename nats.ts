/**
 * Topics across machines, over NATS.
 *
 * @example Two processes of one application
 * ```ts ignore
 * import { connect } from "npm:@nats-io/transport-node@3";
 * import { Topics } from "@wsd/driver/topics";
 * import { NatsBroker } from "@wsd/driver/nats";
 *
 * const connection = await connect({ servers: "localhost", maxReconnectAttempts: -1, reconnectTimeWait: 250 });
 * const topics = new Topics({ name: "app", broker: new NatsBroker(connection) });
 * topics.on("gap", ({ topic, missed }) => console.log("missed", missed ?? "some", "on", topic));
 * topics.publish("news", "Hi");
 * ```
 *
 * @example Any connection with the needed methods
 * ```ts
 * import { NatsBroker, type NatsConnection } from "@wsd/driver/nats";
 * import { Topics } from "@wsd/driver/topics";
 *
 * export function makeTopics(connection: NatsConnection): Topics {
 *   const topics = new Topics({ name: "app", broker: new NatsBroker(connection) });
 *   topics.on("state", (state) => console.log("The broker is", state));
 *   topics.on("error", (error) => console.error(error.message));
 *   return topics;
 * }
 * ```
 *
 * @module
 */
export type { Broker, BrokerConnection, BrokerHandler } from "./src/topics/broker.ts";
export {
  NatsBroker,
  type NatsBrokerOptions,
  type NatsConnection,
  type NatsMessage,
  type NatsSubscription,
} from "./src/topics/nats_broker.ts";
