/**
 * Real brokers: `redis-server` and `nats-server` from Debian, each on a free port, and clients of theirs from npm.
 *
 * @module
 */
import type { Broker } from "@wsd/driver/topics";
import { RedisBroker } from "@wsd/driver/redis";
import { NatsBroker } from "@wsd/driver/nats";
import type { RedisClientType } from "npm:@redis/client@6.3.1";
import type { Redis } from "npm:ioredis@6.0.0";
import type { NatsConnection } from "npm:@nats-io/transport-node@3.4.0";
import { missingFlags, type TestFn } from "../support/permissions.ts";

const NEEDS = { net: true, run: true, env: true, read: true, write: true, sys: true } as const;
const FOLDERS = ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin"];

/** The path of a program, null if it is missing. */
function find(program: string): string | null {
  if (missingFlags({ read: true }).length > 0) return null;
  for (const folder of FOLDERS) {
    try {
      if (Deno.statSync(`${folder}/${program}`).isFile) return `${folder}/${program}`;
    } catch {
      // It is not there.
    }
  }
  return null;
}

/**
 * Registers a test that needs a server. If it is missing, the test is reported as ignored, with the reason.
 *
 * @param program `redis-server` or `nats-server`.
 * @param name The name of the test.
 * @param fn The body.
 */
export function serverTest(program: string, name: string, fn: TestFn): void {
  const missing = missingFlags(NEEDS).join(" ") || (find(program) === null ? program : "");
  if (missing === "") Deno.test({ name, fn });
  else Deno.test({ name: `${name} (ignored: needs ${missing})`, fn, ignore: true });
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}

/** A server as a process, which tests kill and start again on the same port. */
export abstract class BrokerServer implements AsyncDisposable {
  /** Where it listens. */
  readonly port: number = freePort();
  /** What it is started with. */
  protected readonly args: readonly string[];
  #process: Deno.ChildProcess | null = null;
  readonly #program: string;

  /** @param program Its name. @param args What it is started with, besides the port. */
  protected constructor(program: string, args: readonly string[]) {
    this.#program = find(program)!;
    this.args = args;
  }

  /** Starts it, and waits until it answers. */
  async start(): Promise<this> {
    this.#process = new Deno.Command(this.#program, {
      args: this.commandLine(),
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    let ended = false;
    this.#process.status.then(() => ended = true);
    while (!await this.answers()) {
      if (ended) throw new Error(`Cannot start ${this.#program}: it ends at once`);
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return this;
  }

  /** Kills it, unless it was killed before, and waits for its end. */
  async kill(): Promise<void> {
    const process = this.#process;
    this.#process = null;
    process?.kill("SIGKILL");
    await process?.status;
  }

  /** Stops it from running. */
  freeze(): void {
    this.#process!.kill("SIGSTOP");
  }

  /** Lets it run on. */
  thaw(): void {
    this.#process!.kill("SIGCONT");
  }

  /** Kills it for good. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  protected abstract commandLine(): string[];

  protected async answers(): Promise<boolean> {
    try {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port: this.port });
      return conn.remoteAddr !== null;
    } catch {
      return false;
    }
  }
}

/** `redis-server`, which keeps nothing. */
export class RedisServer extends BrokerServer {
  readonly #cliArgs: readonly string[];

  /** @param args Further arguments. @param cliArgs What `redis-cli` needs to reach it. */
  constructor(args: readonly string[] = [], cliArgs: readonly string[] = []) {
    super("redis-server", args);
    this.#cliArgs = cliArgs;
  }

  protected override commandLine(): string[] {
    const port = this.args.includes("--tls-port") ? [] : ["--port", `${this.port}`];
    const args = this.args.map((arg) => arg === "PORT" ? `${this.port}` : arg);
    return ["--bind", "127.0.0.1", ...port, "--save", "", "--appendonly", "no", ...args];
  }

  /** Runs a command. */
  async command(...words: string[]): Promise<string> {
    const { stdout } = await new Deno.Command("redis-cli", {
      args: ["-p", `${this.port}`, "--no-auth-warning", ...this.#cliArgs, ...words],
      stdin: "null",
    }).output();
    return new TextDecoder().decode(stdout).trim();
  }

  /** The channels that anybody is subscribed to. */
  async channels(): Promise<string[]> {
    return (await this.command("PUBSUB", "CHANNELS")).split("\n").filter((line) => line !== "");
  }
}

/** `nats-server`. */
export class NatsServer extends BrokerServer {
  readonly #monitor = freePort();

  /** @param args Further arguments. */
  constructor(args: readonly string[] = []) {
    super("nats-server", args);
  }

  protected override commandLine(): string[] {
    return ["-a", "127.0.0.1", "-p", `${this.port}`, "-m", `${this.#monitor}`, ...this.args];
  }

  protected override async answers(): Promise<boolean> {
    return await super.answers() && await fetch(`http://127.0.0.1:${this.#monitor}/healthz`)
      .then(async (response) => (await response.body?.cancel(), response.ok), () => false);
  }

  /** The subjects that anybody is subscribed to. */
  async channels(): Promise<string[]> {
    const response = await fetch(`http://127.0.0.1:${this.#monitor}/connz?subs=1`);
    const { connections } = await response.json() as { connections: { subscriptions_list?: string[] }[] };
    return connections.flatMap(({ subscriptions_list = [] }) => subscriptions_list);
  }
}

/** A broker over a client of its own. */
export interface Connected {
  readonly broker: Broker;
  /** Ends the client. */
  end(): Promise<void>;
}

/** A client that brokers are tested with. */
export interface ClientKind {
  readonly name: string;
  /** Connects to a server. */
  connect(port: number): Promise<Connected>;
}

/** Connects by npm `@redis/client`. */
export async function nodeRedis(port: number, options: object = {}): Promise<RedisClientType> {
  const { createClient } = await import("npm:@redis/client@6.3.1");
  const socket = { host: "127.0.0.1", port, reconnectStrategy: 50, ...(options as { socket?: object }).socket };
  const client = createClient({ disableOfflineQueue: true, ...options, socket }) as unknown as RedisClientType;
  client.on("error", () => {});
  await client.connect();
  return client;
}

/** Connects by npm `ioredis`. */
export async function ioRedis(port: number, options: object = {}): Promise<Redis> {
  const { Redis } = await import("npm:ioredis@6.0.0");
  const client = new Redis({ host: "127.0.0.1", port, retryStrategy: () => 50, ...options });
  client.on("error", () => {});
  if (client.status !== "ready") await new Promise((resolve) => client.once("ready", resolve));
  return client;
}

/** Ends a client of `ioredis`. */
export async function endIoRedis(client: Redis): Promise<void> {
  const ended = new Promise((resolve) => client.once("end", resolve));
  client.disconnect();
  await ended;
}

/** Connects by npm `@nats-io/transport-node`. */
export async function nats(port: number, options: object = {}): Promise<NatsConnection> {
  const { connect } = await import("npm:@nats-io/transport-node@3.4.0");
  return await connect({
    servers: `127.0.0.1:${port}`,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    reconnectJitter: 0,
    ...options,
  });
}

/** The two clients of Redis. */
export const REDIS_CLIENTS: readonly ClientKind[] = [
  {
    name: "@redis/client",
    async connect(port) {
      const client = await nodeRedis(port);
      return { broker: new RedisBroker(client), end: () => Promise.resolve(client.destroy()) };
    },
  },
  {
    name: "ioredis",
    async connect(port) {
      const client = await ioRedis(port);
      return { broker: new RedisBroker(client), end: () => endIoRedis(client) };
    },
  },
];

/** The client of NATS. */
export const NATS_CLIENT: ClientKind = {
  name: "@nats-io/transport-node",
  async connect(port) {
    const connection = await nats(port);
    return { broker: new NatsBroker(connection), end: () => connection.close() };
  },
};
