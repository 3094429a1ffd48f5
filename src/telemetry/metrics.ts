import type { ListenerStats } from "../server/listener_stats.ts";
import type { TopicsStats } from "../topics/topics_events.ts";
import type { Metric } from "./instruments.ts";

/** The metrics of a server. */
export const SERVER_METRICS: readonly Metric<ListenerStats>[] = [
  {
    name: "wsd.server.connections",
    unit: "{connection}",
    description: "WebSockets that are open",
    grows: false,
    read: ({ connections }) => connections,
  },
  {
    name: "wsd.server.connections.pending",
    unit: "{connection}",
    description: "Connections that are not WebSockets, or not yet",
    grows: false,
    read: ({ pending }) => pending,
  },
  {
    name: "wsd.server.connections.opened",
    unit: "{connection}",
    description: "WebSockets that were opened",
    grows: true,
    read: ({ opened }) => opened,
  },
  {
    name: "wsd.server.connections.closed",
    unit: "{connection}",
    description: "WebSockets that have ended, by close code",
    grows: true,
    read: ({ closed }) => ({ attribute: "wsd.close_code", values: closed }),
  },
  {
    name: "wsd.server.handshakes.refused",
    unit: "{request}",
    description: "Requests that were refused, by status",
    grows: true,
    read: ({ refused }) => ({ attribute: "http.response.status_code", values: refused }),
  },
  {
    name: "wsd.server.messages.received",
    unit: "{message}",
    description: "Messages that have arrived",
    grows: true,
    read: ({ messagesReceived }) => messagesReceived,
  },
  {
    name: "wsd.server.messages.sent",
    unit: "{message}",
    description: "Messages that were sent",
    grows: true,
    read: ({ messagesSent }) => messagesSent,
  },
  {
    name: "wsd.server.bytes.received",
    unit: "By",
    description: "Bytes that have arrived, including frame headers",
    grows: true,
    read: ({ bytesReceived }) => bytesReceived,
  },
  {
    name: "wsd.server.bytes.sent",
    unit: "By",
    description: "Bytes that were written, including frame headers",
    grows: true,
    read: ({ bytesSent }) => bytesSent,
  },
  {
    name: "wsd.server.buffered",
    unit: "By",
    description: "Bytes that are queued",
    grows: false,
    read: ({ bufferedAmount }) => bufferedAmount,
  },
];

/** The metrics of topics. */
export const TOPICS_METRICS: readonly Metric<TopicsStats>[] = [
  {
    name: "wsd.topics",
    unit: "{topic}",
    description: "Topics with subscribers, or that linger",
    grows: false,
    read: ({ topics }) => topics,
  },
  {
    name: "wsd.topics.subscriptions",
    unit: "{subscription}",
    description: "Subscriptions of connections",
    grows: false,
    read: ({ subscriptions }) => subscriptions,
  },
  {
    name: "wsd.topics.published",
    unit: "{message}",
    description: "Messages published in this process",
    grows: true,
    read: ({ published }) => published,
  },
  {
    name: "wsd.topics.relayed",
    unit: "{message}",
    description: "Messages published in this process that the broker has accepted",
    grows: true,
    read: ({ relayed }) => relayed,
  },
  {
    name: "wsd.topics.dropped",
    unit: "{message}",
    description: "Messages published in this process that other processes will not get",
    grows: true,
    read: ({ dropped }) => dropped,
  },
  {
    name: "wsd.topics.received",
    unit: "{message}",
    description: "Messages that arrived from the broker",
    grows: true,
    read: ({ received }) => received,
  },
  {
    name: "wsd.topics.repeated",
    unit: "{message}",
    description: "Duplicate messages from the broker, which were not delivered",
    grows: true,
    read: ({ repeated }) => repeated,
  },
  {
    name: "wsd.topics.gaps",
    unit: "{gap}",
    description: "Times that messages from the broker were missing",
    grows: true,
    read: ({ gaps }) => gaps,
  },
  {
    name: "wsd.topics.missed",
    unit: "{message}",
    description: "Messages that are known to be lost",
    grows: true,
    read: ({ missed }) => missed,
  },
  {
    name: "wsd.topics.waiting",
    unit: "By",
    description: "Bytes that wait for the broker to come back",
    grows: false,
    read: ({ waitingBytes }) => waitingBytes,
  },
  {
    name: "wsd.topics.up",
    unit: "1",
    description: "1 while the broker can be reached, 0 while it can't",
    grows: false,
    read: ({ state }) => state === "up" ? 1 : 0,
  },
];
