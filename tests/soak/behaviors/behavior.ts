/** The instructions for clients. */
export interface Task {
  /** Where the server listens without TLS. */
  readonly port: number;
  /** Where it listens with TLS. */
  readonly tlsPort: number;
  /** The certificate that is to be trusted, in PEM. */
  readonly caCert: string;
  /** How many connections the talkers hold. */
  readonly connections: number;
  /** When to stop, by `performance.now()`. */
  readonly until: number;
}

/** What clients saw. */
export interface Outcome {
  /** What was counted, by what it is: `"messages sent"`. */
  readonly counts: Readonly<Record<string, number>>;
  /** What went wrong, the first of it; empty if all went well. */
  readonly faults: readonly string[];
}

/** What some clients do until the soak is over. */
export type Behavior = (task: Task) => Promise<Outcome>;

/** How many errors of one kind of client are reported. */
const TOLD = 5;

/**
 * Repeats something at several places at once until the soak is over.
 *
 * @param places How many at once.
 * @param task The task.
 * @param visit What is repeated; what it throws is a fault.
 * @returns The faults, the first of them.
 */
export async function repeat(places: number, task: Task, visit: () => Promise<void>): Promise<string[]> {
  const faults: string[] = [];
  await Promise.all(Array.from({ length: places }, async () => {
    while (performance.now() < task.until) {
      try {
        await visit();
      } catch (error) {
        if (faults.length < TOLD) faults.push(String(error));
        await pause(100, task);
      }
    }
  }));
  return faults;
}

/**
 * Waits, as clients do: this is a program, no test.
 *
 * @param milliseconds How long; no longer than the soak takes.
 * @param task The task.
 */
export function pause(milliseconds: number, task: Task): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  setTimeout(resolve, Math.max(0, Math.min(milliseconds, task.until - performance.now())));
  return promise;
}

/**
 * Fails what takes too long.
 *
 * @param what What it is, for the error.
 * @param milliseconds How long it may take.
 * @param promise What is waited for.
 */
export async function within<T>(what: string, milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${milliseconds} ms`)), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A random whole number below another one. */
export function below(count: number): number {
  return Math.floor(Math.random() * count);
}
