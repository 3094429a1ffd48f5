/** The time and the chance that reconnecting depends on; a test hands in its own. */
export interface Environment {
  /** A clock that never goes back, in milliseconds. */
  now(): number;
  /** The time of day, in milliseconds since 1970. */
  date(): number;
  /** A number from 0 to below 1, as `Math.random()` gives it. */
  random(): number;
  /**
   * Runs something later.
   *
   * @param delay How much later, in milliseconds.
   * @param callback What to run.
   * @returns A function that cancels it.
   */
  after(delay: number, callback: () => void): () => void;
}

/** The real ones. */
export const systemEnvironment: Environment = {
  now: () => performance.now(),
  date: () => Date.now(),
  random: () => Math.random(),
  after(delay, callback) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};
