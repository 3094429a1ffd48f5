/**
 * Remote procedure calls over one connection: an id matches each answer to its call, a call can time out, and the
 * caller can cancel it.
 *
 *     deno run --allow-net examples/rpc.ts serve [PORT]
 *     deno run --allow-net examples/rpc.ts call ws://localhost:5000/ add '[1, 2, 3]'
 */
import { connect, makeServer, serve, type WebSocketDriver } from "@wsd/driver";

/** A procedure gets the parameters, and a signal that aborts when its caller cancels or leaves. */
type Procedure = (params: unknown, signal: AbortSignal) => unknown;

const procedures = new Map<string, Procedure>([
  ["add", (params) => (params as number[]).reduce((sum, value) => sum + value, 0)],
  ["upper", (params) => String(params).toUpperCase()],
  ["sleep", (params, signal) => sleep(Number(params), signal)],
]);

/** Answers calls: `{ id, method, params }` with `{ id, result }` or `{ id, error }`; `{ id, cancel }` aborts one. */
function answer(ws: WebSocketDriver): void {
  const running = new Map<number, AbortController>();
  ws.on("message", async (message) => {
    const { id, method, params, cancel } = JSON.parse(String(message));
    if (cancel) return running.get(id)?.abort();
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const procedure = procedures.get(method);
      if (procedure === undefined) throw new Error(`No such procedure: ${method}`);
      ws.sendJson({ id, result: await procedure(params, controller.signal) });
    } catch (error) {
      ws.sendJson({ id, error: String(error instanceof Error ? error.message : error) });
    } finally {
      running.delete(id);
    }
  });
  ws.on("close", () => running.forEach((controller) => controller.abort()));
}

/** Calls procedures at the other end of a connection. */
class Caller {
  readonly #ws: WebSocketDriver;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #last = 0;

  constructor(ws: WebSocketDriver) {
    this.#ws = ws;
    ws.on("message", (message) => {
      const { id, result, error } = JSON.parse(String(message));
      if (error === undefined) this.#waiting.get(id)?.resolve(result);
      else this.#waiting.get(id)?.reject(new Error(error));
    });
    ws.on("close", ({ code }) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`The connection closed with ${code}`));
    });
  }

  /** Calls a procedure. Rejects with its error, or with the signal's reason. */
  async call(method: string, params: unknown, signal: AbortSignal = AbortSignal.timeout(5_000)): Promise<unknown> {
    signal.throwIfAborted();
    const id = ++this.#last;
    const answer = Promise.withResolvers<unknown>();
    const cancel = () => {
      this.#ws.sendJson({ id, cancel: true });
      answer.reject(signal.reason);
    };
    this.#waiting.set(id, answer);
    signal.addEventListener("abort", cancel, { once: true });
    if (!this.#ws.sendJson({ id, method, params })) answer.reject(new Error("The connection is closed"));
    try {
      return await answer.promise;
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#waiting.delete(id);
    }
  }
}

function sleep(milliseconds: number, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(`Slept ${milliseconds} ms`), milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("Canceled"));
    });
  });
}

const [task, where = "5000", method, params = "null"] = Deno.args;
if (task === "serve") {
  serve({ port: Number(where), shutdownOn: ["SIGINT"] }, (request) => {
    const ws = makeServer(request, { maxLength: 64 * 1024 });
    answer(ws);
    return ws.accept();
  });
} else if (task === "call" && method !== undefined) {
  await using ws = await connect(where);
  console.log(await new Caller(ws).call(method, JSON.parse(params)));
} else {
  console.error("Usage: rpc.ts serve [PORT] | call URL METHOD [JSON]");
  Deno.exitCode = 2;
}
