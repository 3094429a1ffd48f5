/** The clock and the random numbers for reconnecting; a test passes its own. */
export interface Environment {
  /** A clock that never goes back, in milliseconds. */
  now(): number;
  /** The time of day, in milliseconds since 1970. */
  date(): number;
  /** A number from 0 to below 1, as from `Math.random()`. */
  random(): number;
  /**
   * Runs a callback later.
   *
   * @param delay The delay, in milliseconds.
   * @param callback The function to run.
   * @returns A function that cancels it.
   */
  after(delay: number, callback: () => void): () => void;
}

/** The real clock and random numbers. */
export const systemEnvironment: Environment = {
  now: () => performance.now(),
  date: () => Date.now(),
  random: () => Math.random(),
  after(delay, callback) {
    const timer = setTimeout(callback, delay);
    return () => clearTimeout(timer);
  },
};
