import { type Batch, BatchSender, unpack } from "./_batches.ts";
import type { Broker, BrokerConnection, BrokerHandler } from "./broker.ts";
import { MemoryBroker } from "./memory_broker.ts";

/** How many bytes may wait for a busy worker; further messages are dropped, and the worker sees a gap. */
const MAX_WAITING = 64 * 1024 * 1024;

/** The messages on the port, both ways. */
type PortMessage =
  | { readonly kind: "batch"; readonly batch: Batch }
  | { readonly kind: "batchAnswer" }
  | { readonly kind: "subscribe" | "unsubscribe"; readonly channels: readonly string[] }
  | { readonly kind: "answer" }
  /** The other side leaves. The port's event "close" may come late, or not at all if the worker is alive. */
  | { readonly kind: "end" };

function postBatch(port: MessagePort, batch: Batch): void {
  port.postMessage({ kind: "batch", batch } satisfies PortMessage, [batch.bytes.buffer, batch.ends.buffer]);
}

/**
 * The broker of the workers of one process: it runs in the thread that starts them, which may use it too.
 *
 * Messages travel through message ports in batches, and all threads see one order. A worker leaves when it closes its
 * topics; for one that you terminate, call {@linkcode WorkerHub.disconnect}.
 * If more than 64 MiB wait for a busy worker, it loses messages, and sees a gap.
 *
 * @example Start workers that share their topics
 * ```ts ignore
 * import { Topics, WorkerHub } from "@wsd/driver/topics";
 *
 * const hub = new WorkerHub();
 * for (let i = 0; i < navigator.hardwareConcurrency; i++) {
 *   const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
 *   const port = hub.createPort();
 *   worker.postMessage(port, [port]);
 * }
 * // This thread takes part as well.
 * const topics = new Topics({ name: "app", broker: hub });
 * ```
 * @category Brokers
 */
export class WorkerHub implements Broker {
  readonly #memory = new MemoryBroker();
  /** The hub's ends of the ports, by the worker's. */
  readonly #ports = new Map<MessagePort, HubPort>();

  /**
   * Connects `Topics` of the hub's own thread.
   *
   * @param handler Gets the messages.
   * @returns The connection, ready at once.
   */
  connect(handler: BrokerHandler): BrokerConnection {
    return this.#memory.connect(handler);
  }

  /**
   * Creates the port of a worker, to be transferred to it.
   *
   * @returns The port, for {@linkcode WorkerBroker}.
   */
  createPort(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#ports.set(port2, new HubPort(port1, this.#memory, () => this.#ports.delete(port2)));
    return port2;
  }

  /** How many workers are connected, or have not used their port yet. */
  get workers(): number {
    return this.#ports.size;
  }

  /**
   * Disconnects a worker that was terminated, so that nothing waits for it any more. One that closes its topics leaves
   * by itself; the platform does not always report one that is terminated (Deno 2.9.6).
   *
   * @param port What {@linkcode WorkerHub.createPort} has returned for it.
   */
  disconnect(port: MessagePort): void {
    this.#ports.get(port)?.close();
  }

  /** Disconnects all workers. */
  close(): void {
    for (const port of this.#ports.values()) port.close();
  }
}

/** The hub's end of a worker's port. */
class HubPort {
  readonly #port: MessagePort;
  readonly #connection: BrokerConnection;
  readonly #onEnd: () => void;
  readonly #sender: BatchSender;

  constructor(port: MessagePort, memory: MemoryBroker, onEnd: () => void) {
    this.#port = port;
    this.#onEnd = onEnd;
    this.#sender = new BatchSender((batch) => postBatch(port, batch));
    this.#connection = memory.connect({
      onMessage: (channel, message) => this.#send(channel, message),
      onUp() {},
      onDown() {},
      onRefused() {},
      onError() {},
    });
    port.addEventListener("message", ({ data }) => this.#onMessage(data));
    port.addEventListener("close", () => this.#end());
    port.start();
  }

  close(): void {
    this.#port.postMessage({ kind: "end" } satisfies PortMessage);
    this.#end();
  }

  #end(): void {
    this.#connection.close();
    this.#sender.clear();
    this.#port.close();
    this.#onEnd();
  }

  #send(channel: string, message: Uint8Array): void {
    if (this.#sender.waitingBytes + message.length <= MAX_WAITING) this.#sender.push(channel, message);
  }

  #onMessage(message: PortMessage): void {
    if (message.kind === "batch") {
      unpack(message.batch, (channel, bytes) => this.#connection.publish(channel, bytes));
      this.#port.postMessage({ kind: "batchAnswer" } satisfies PortMessage);
    } else if (message.kind === "batchAnswer") {
      this.#sender.onAnswer();
    } else if (message.kind === "subscribe" || message.kind === "unsubscribe") {
      this.#connection[message.kind](message.channels);
      this.#port.postMessage({ kind: "answer" } satisfies PortMessage);
    } else if (message.kind === "end") {
      this.#end();
    }
  }
}

/**
 * The broker in a worker: its end of a port of {@linkcode WorkerHub}.
 *
 * @example In the worker
 * ```ts ignore
 * import { Topics, WorkerBroker } from "@wsd/driver/topics";
 *
 * self.onmessage = ({ data: port }) => {
 *   const topics = new Topics({ name: "app", broker: new WorkerBroker(port) });
 * };
 * ```
 * @category Brokers
 */
export class WorkerBroker implements Broker {
  readonly #port: MessagePort;

  /**
   * Uses the port once `Topics` connects.
   *
   * @param port The port that {@linkcode WorkerHub.createPort} has created, for one `Topics`.
   */
  constructor(port: MessagePort) {
    this.#port = port;
  }

  /**
   * Connects.
   *
   * @param handler Gets the messages.
   * @returns The connection, ready at once.
   */
  connect(handler: BrokerHandler): BrokerConnection {
    return new WorkerConnection(this.#port, handler);
  }
}

class WorkerConnection implements BrokerConnection {
  readonly #port: MessagePort;
  readonly #handler: BrokerHandler;
  readonly #sender: BatchSender;
  /** Commands that the hub has not answered yet. */
  readonly #commands: PromiseWithResolvers<void>[] = [];
  #ready = true;

  constructor(port: MessagePort, handler: BrokerHandler) {
    this.#port = port;
    this.#handler = handler;
    this.#sender = new BatchSender((batch) => postBatch(port, batch));
    port.addEventListener("message", ({ data }) => this.#onMessage(data));
    port.addEventListener("close", () => this.#onClose());
    port.start();
  }

  get ready(): boolean {
    return this.#ready;
  }

  subscribe(channels: readonly string[]): Promise<void> {
    return this.#command({ kind: "subscribe", channels });
  }

  unsubscribe(channels: readonly string[]): Promise<void> {
    return this.#command({ kind: "unsubscribe", channels });
  }

  publish(channel: string, message: Uint8Array): Promise<void> {
    return this.#sender.push(channel, message);
  }

  close(): void {
    if (this.#ready) this.#port.postMessage({ kind: "end" } satisfies PortMessage);
    this.#ready = false;
    this.#end();
    this.#port.close();
  }

  #command(message: PortMessage): Promise<void> {
    const answer = Promise.withResolvers<void>();
    this.#commands.push(answer);
    this.#port.postMessage(message);
    return answer.promise;
  }

  #onMessage(message: PortMessage): void {
    if (message.kind === "batch") {
      unpack(message.batch, (channel, bytes) => this.#handler.onMessage(channel, bytes));
      this.#port.postMessage({ kind: "batchAnswer" } satisfies PortMessage);
    } else if (message.kind === "batchAnswer") {
      this.#sender.onAnswer();
    } else if (message.kind === "answer") {
      this.#commands.shift()?.resolve();
    } else if (message.kind === "end") {
      this.#onClose();
    }
  }

  /** The hub is gone, and no other will come. */
  #onClose(): void {
    if (!this.#ready) return;
    this.#ready = false;
    this.#end();
    this.#handler.onError(new Error("Cannot reach the hub: it has closed the worker's port"));
    this.#handler.onDown();
  }

  #end(): void {
    this.#sender.clear();
    for (const { reject } of this.#commands.splice(0)) reject(new Error("Cannot reach the hub: the port is closed"));
  }
}
