/** How an instrument of OpenTelemetry is observed; the part of its API that is used here. */
export interface ObservableResult {
  /**
   * Reports a value.
   *
   * @param value The value.
   * @param attributes Its attributes.
   */
  observe(value: number, attributes?: Readonly<Record<string, string | number>>): void;
}

/** An instrument that is observed when values are exported. */
export interface Observable {
  /** Adds a callback. */
  addCallback(callback: (result: ObservableResult) => void): void;
  /** Removes it. */
  removeCallback(callback: (result: ObservableResult) => void): void;
}

/** Creates instruments. */
export interface Meter {
  /** A sum that only grows. */
  createObservableCounter(name: string, options: InstrumentOptions): Observable;
  /** A sum that grows and shrinks. */
  createObservableUpDownCounter(name: string, options: InstrumentOptions): Observable;
}

/** How an instrument is described. */
export interface InstrumentOptions {
  /** The unit, in UCUM: `By`, `{connection}`. */
  readonly unit: string;
  /** What it counts. */
  readonly description: string;
}

/** A value, or one for each value of an attribute. */
export type Reading = number | { readonly attribute: string; readonly values: Readonly<Record<string, number>> };

/** One metric: its name, and how it is read from counts. */
export interface Metric<Stats> {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  /** Whether it only grows. */
  readonly grows: boolean;
  readonly read: (stats: Stats) => Reading;
}

/**
 * Reads metrics whenever values are exported.
 *
 * @param meter Creates the instruments.
 * @param metrics The metrics.
 * @param stats Returns the counts.
 * @param attributes The attributes of each value.
 * @returns A function that stops it.
 */
export function observeMetrics<Stats>(
  meter: Meter,
  metrics: readonly Metric<Stats>[],
  stats: () => Stats,
  attributes: Readonly<Record<string, string | number>>,
): () => void {
  const ends = metrics.map(({ name, unit, description, grows, read }) => {
    const options = { unit, description };
    const instrument = grows
      ? meter.createObservableCounter(name, options)
      : meter.createObservableUpDownCounter(name, options);
    const callback = (result: ObservableResult) => report(result, read(stats()), attributes);
    instrument.addCallback(callback);
    return () => instrument.removeCallback(callback);
  });
  return () => ends.forEach((end) => end());
}

function report(
  result: ObservableResult,
  reading: Reading,
  attributes: Readonly<Record<string, string | number>>,
): void {
  if (typeof reading === "number") return result.observe(reading, attributes);
  for (const [value, count] of Object.entries(reading.values)) {
    result.observe(count, { ...attributes, [reading.attribute]: value });
  }
}
