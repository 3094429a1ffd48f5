// deno-lint-ignore-file no-explicit-any -- the clients type their listeners by event
import type { Buffer } from "node:buffer";

/**
 * The part of npm `@redis/client` 6 (also as `redis`) that {@linkcode RedisBroker} needs.
 *
 * @example Accept no other client
 * ```ts
 * import { type NodeRedisClient, RedisBroker } from "@wsd/driver/redis";
 *
 * export const makeBroker = (client: NodeRedisClient): RedisBroker => new RedisBroker(client);
 * ```
 * @category Brokers
 */
export interface NodeRedisClient {
  /** Whether it is connected. */
  readonly isReady: boolean;
  /** Adds a listener. */
  on(event: string, listener: (...args: any[]) => void): unknown;
  /** Removes a listener. */
  off(event: string, listener: (...args: any[]) => void): unknown;
  /** Connects. */
  connect(): Promise<unknown>;
  /** Ends the connection. */
  destroy(): void;
  /** Creates another client with the same options. */
  duplicate(overrides?: { disableOfflineQueue?: boolean }): unknown;
  /** Publishes. */
  publish(channel: string, message: Buffer): Promise<unknown>;
  /** Subscribes. */
  subscribe(
    channels: string[],
    listener: (message: Buffer, channel: Buffer) => unknown,
    bufferMode: true,
  ): Promise<unknown>;
  /** Ends subscriptions. */
  unsubscribe(
    channels: string[],
    listener: (message: Buffer, channel: Buffer) => unknown,
    bufferMode: true,
  ): Promise<unknown>;
  /** Asks for an answer. */
  ping(): Promise<unknown>;
}

/**
 * The part of npm `ioredis` 6 that {@linkcode RedisBroker} needs.
 *
 * @example Accept no other client
 * ```ts
 * import { type IoRedisClient, RedisBroker } from "@wsd/driver/redis";
 *
 * export const makeBroker = (client: IoRedisClient): RedisBroker => new RedisBroker(client);
 * ```
 * @category Brokers
 */
export interface IoRedisClient {
  /** `"ready"` if it is connected. */
  readonly status: string;
  /** Adds a listener. */
  on(event: string, listener: (...args: any[]) => void): unknown;
  /** Removes a listener. */
  off(event: string, listener: (...args: any[]) => void): unknown;
  /** Ends the connection. */
  disconnect(): void;
  /** Creates another client with the same options. */
  duplicate(overrides?: Record<string, unknown>): unknown;
  /** Publishes. */
  publish(channel: string, message: Buffer): Promise<unknown>;
  /** Subscribes. */
  subscribe(...channels: string[]): Promise<unknown>;
  /** Ends subscriptions. */
  unsubscribe(...channels: string[]): Promise<unknown>;
  /** Asks for an answer. */
  ping(): Promise<unknown>;
}

/**
 * A Redis client: of npm `@redis/client` 6, or `ioredis` 6.
 *
 * @example Accept either
 * ```ts
 * import { RedisBroker, type RedisClient } from "@wsd/driver/redis";
 *
 * export const makeBroker = (client: RedisClient): RedisBroker => new RedisBroker(client);
 * ```
 * @category Brokers
 */
export type RedisClient = NodeRedisClient | IoRedisClient;
