/** The shortest of a few runs in milliseconds: the cost of the code when nothing else interferes. */
export function shortestTime(run: () => void, runs = 7): number {
  let shortest = Infinity;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    run();
    shortest = Math.min(shortest, performance.now() - start);
  }
  return shortest;
}

/**
 * How many times longer eight times the input takes: 8 for linear code, 64 for quadratic code. It is measured again
 * if it looks worse than linear, which happens on a busy machine.
 */
export function growth(run: (size: number) => void, size: number): number {
  run(size);
  let least = Infinity;
  for (let attempt = 0; attempt < 20 && least > 16; attempt++) {
    least = Math.min(least, shortestTime(() => run(size * 8)) / shortestTime(() => run(size)));
  }
  return least;
}
