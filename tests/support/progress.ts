/** Where progress is shown: standard error, or a stand-in in tests. */
export interface ProgressOutput {
  /** Whether lines can be overwritten. */
  readonly isTerminal: boolean;
  /** How many characters fit into a line. */
  readonly columns: () => number;
  /** Writes text. */
  readonly write: (text: string) => void;
  /** The time, in milliseconds. */
  readonly now: () => number;
}

/** The maximum width of the bar, in characters. */
const WIDTH = 30;

/** How often a bar is drawn, and how often a line is printed without a terminal, in milliseconds. */
const DRAWN_EVERY = 100;
const PRINTED_EVERY = 30_000;

const STANDARD_ERROR: ProgressOutput = {
  isTerminal: Deno.stderr.isTerminal(),
  // Some terminals say 0.
  columns: () => Deno.consoleSize().columns || 80,
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  now: () => performance.now(),
};

/**
 * The progress of a long run and the remaining time: a bar on a terminal, otherwise a line now and then.
 *
 * @example
 * ```ts ignore
 * using progress = new Progress(600);
 * progress.update(60, "5,000 connections"); // ███░░░ 10 %, 9 min 0 s left, 5,000 connections
 * progress.print("A line above the bar");
 * ```
 */
export class Progress implements Disposable {
  readonly #total: number;
  readonly #output: ProgressOutput;
  readonly #start: number;
  #shown: number;
  #bar = "";

  /**
   * @param total How much there is to do, in any unit.
   * @param output Where it is shown.
   */
  constructor(total: number, output = STANDARD_ERROR) {
    this.#total = total;
    this.#output = output;
    this.#start = this.#shown = output.now();
  }

  /**
   * Shows how much is done, if it is time for that.
   *
   * @param done How much.
   * @param note Anything else to show.
   */
  update(done: number, note = ""): void {
    const { isTerminal, now } = this.#output;
    if (now() - this.#shown < (isTerminal ? DRAWN_EVERY : PRINTED_EVERY)) return;
    this.#shown = now();
    const part = Math.min(1, done / this.#total);
    const words = [`${Math.floor(part * 100)} %`, this.#timeLeft(part), note].filter((word) => word !== "").join(", ");
    if (isTerminal) this.#draw(part, words);
    else this.#output.write(`${words}\n`);
  }

  /**
   * Prints a line on standard output; the bar moves below it.
   *
   * @param line The line.
   */
  print(line: string): void {
    this.#clear();
    console.log(line);
  }

  /** Removes the bar. */
  [Symbol.dispose](): void {
    this.#clear();
  }

  #timeLeft(part: number): string {
    if (part === 0) return "";
    return `${formatTime((this.#output.now() - this.#start) * (1 / part - 1))} left`;
  }

  #draw(part: number, words: string): void {
    const room = this.#output.columns() - 1;
    const width = Math.min(WIDTH, room >> 1);
    const full = Math.round(part * width);
    this.#bar = `${"█".repeat(full)}${"░".repeat(width - full)} ${words}`.slice(0, room);
    this.#output.write(`\r\x1b[K${this.#bar}`);
  }

  #clear(): void {
    if (this.#bar !== "") this.#output.write("\r\x1b[K");
    this.#bar = "";
  }
}

function formatTime(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
