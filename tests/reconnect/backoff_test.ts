import { assert, assertEquals, assertThrows } from "@std/assert";
import { makeReconnectingClient } from "../../client.ts";
import { Backoff } from "../../src/client/backoff.ts";
import { parseRetryAfter } from "../../src/client/retry_after.ts";
import { checkRetryOptions, type RetryOptions } from "../../src/client/retry_options.ts";
import { Random } from "../support/random.ts";

const NOTHING_SAID = { busy: false, retryAfter: null };

/** The waits after so many failures in a row, each attempt failing at once. */
function waits(count: number, options: RetryOptions, random: () => number, reason = NOTHING_SAID): number[] {
  const backoff = new Backoff(checkRetryOptions(options), random);
  let now = 0;
  return Array.from({ length: count }, () => {
    backoff.onAttempt(now);
    backoff.onFailure();
    const delay = backoff.delay(now, reason);
    now += delay;
    return delay;
  });
}

// RFC 6455 §7.2.3 SHOULD
Deno.test("delay() is chosen from 0 to a bound that doubles up to maxDelay", () => {
  assertEquals(waits(7, {}, () => 1), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assertEquals(waits(7, {}, () => 0.5), [500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]);
  assertEquals(waits(7, {}, () => 0), [0, 0, 0, 0, 0, 0, 0]);
});

Deno.test("delay() applies minDelay, maxDelay and factor", () => {
  assertEquals(waits(5, { minDelay: 10, maxDelay: 100, factor: 3 }, () => 1), [10, 30, 90, 100, 100]);
  assertEquals(waits(3, { minDelay: 7, maxDelay: 7 }, () => 1), [7, 7, 7]);
});

Deno.test("delay() stays within maxDelay after very many failures", () => {
  assertEquals(waits(5_000, {}, () => 1).at(-1), 30_000);
});

Deno.test("delay() is 5 to 30 s if the server is busy", () => {
  assertEquals(waits(1, {}, () => 0, { busy: true, retryAfter: null }), [5_000]);
  assertEquals(waits(1, {}, () => 1, { busy: true, retryAfter: null }), [30_000]);
  assertEquals(waits(1, { minDelay: 10, maxDelay: 20 }, () => 0, { busy: true, retryAfter: null }), [20]);
});

Deno.test("delay() adds its jitter to what Retry-After asks for", () => {
  const backoff = new Backoff(checkRetryOptions({}), () => 0.25);
  backoff.onFailure();
  assertEquals(backoff.delay(0, { busy: true, retryAfter: 60_000 }), 60_250);
  assertEquals(backoff.delay(0, { busy: false, retryAfter: 0 }), 250);
});

Deno.test("delay() limits attempts to eight in twice maxDelay, whatever the random values", () => {
  for (let seed = 0; seed < 200; seed++) {
    const random = new Random(seed);
    const below = random.pick([1, 10, 1_000, 1 << 30]);
    const times = [0];
    for (const wait of waits(200, {}, () => random.next(below) / (1 << 30))) times.push(times.at(-1)! + wait);
    for (let i = 8; i < times.length; i++) assert(times[i] - times[i - 8] >= 60_000, `seed ${seed}, attempt ${i}`);
  }
});

Deno.test("delay() spreads out clients that started together and hit that limit", () => {
  const ninth = Array.from({ length: 1_000 }, (_, seed) => {
    const random = new Random(seed * 2_654_435_761);
    random.next(2);
    return waits(9, {}, () => random.next(1 << 30) / (1 << 30)).reduce((sum, wait) => sum + wait, 0);
  });
  const held = ninth.filter((time) => time < 90_000);
  const within = Map.groupBy(held, (time) => Math.floor(time / 100));
  assert(held.length > 100);
  assert(Math.max(...[...within.values()].map(({ length }) => length)) < 0.05 * ninth.length);
});

Deno.test("reset() restarts the count", () => {
  const backoff = new Backoff(checkRetryOptions({}), () => 1);
  for (let i = 0; i < 4; i++) backoff.onFailure();
  assertEquals([backoff.failures, backoff.delay(0, NOTHING_SAID)], [4, 8_000]);
  backoff.reset();
  backoff.onFailure();
  assertEquals([backoff.failures, backoff.delay(0, NOTHING_SAID)], [1, 1_000]);
});

const NOON = Date.UTC(2026, 0, 1, 12);

/** RFC 9110 §10.2.3 and §5.6.7. */
const RETRY_AFTER: [value: string | null, date: string | null, expected: number | null][] = [
  [null, null, null],
  ["", null, null],
  ["0", null, 0],
  ["120", null, 120_000],
  [" 5 ", null, 5_000],
  ["300", null, 300_000],
  ["301", null, 300_000],
  ["99999999999999999999", null, 300_000],
  ["-1", null, null],
  ["1.5", null, null],
  ["1e3", null, null],
  ["0x10", null, null],
  ["soon", null, null],
  ["2026-01-01T12:00:05Z", null, null],
  ["Thu, 01 Jan 2026 12:00:05 GMT", null, 5_000],
  ["Thursday, 01-Jan-26 12:00:05 GMT", null, 5_000],
  ["Thu Jan  1 12:00:05 2026", null, 5_000],
  ["Thu, 01 Jan 2026 11:00:00 GMT", null, 0],
  ["Thu, 01 Jan 2026 23:00:00 GMT", null, 300_000],
  ["Thu, 99 Jan 2026 12:00:05 GMT", null, null],
  ["Thu, 01 Jan 2020 00:00:10 GMT", "Thu, 01 Jan 2020 00:00:00 GMT", 10_000],
  ["Thu, 01 Jan 2026 12:00:05 GMT", "nonsense", 5_000],
];

for (const [value, date, expected] of RETRY_AFTER) {
  Deno.test(`parseRetryAfter() reads ${JSON.stringify(value)} as ${expected}${date === null ? "" : ` at ${date}`}`, () => {
    const headers = new Headers();
    if (value !== null) headers.set("retry-after", value);
    if (date !== null) headers.set("date", date);
    assertEquals(parseRetryAfter(headers, NOON), expected);
  });
}

for (
  const [options, error, message] of [
    [{ minDelay: "1" }, TypeError, "minDelay"],
    [{ minDelay: 0 }, RangeError, "minDelay"],
    [{ minDelay: 31_000 }, RangeError, "minDelay"],
    [{ maxDelay: 0 }, RangeError, "maxDelay"],
    [{ maxDelay: Infinity }, RangeError, "maxDelay"],
    [{ factor: 0.5 }, RangeError, "factor"],
    [{ factor: NaN }, RangeError, "factor"],
    [{ factor: "2" }, TypeError, "factor"],
    [{ stableAfter: -1 }, RangeError, "stableAfter"],
    [{ isFinal: true }, TypeError, "isFinal"],
    [{ signal: {} }, TypeError, "signal"],
    [{ minDelai: 1 }, TypeError, 'did you mean "minDelay"?'],
    [{ maxlength: 1 }, TypeError, 'did you mean "maxLength"?'],
    [{ whileAway: true }, TypeError, "whileAway"],
    [{ maxQueueBytes: 0 }, RangeError, "maxQueueBytes"],
    [{ maxQueueAge: 0.5 }, RangeError, "maxQueueAge"],
    [{ onConnect: "log in" }, TypeError, "onConnect"],
    [{ handshakeTimeout: -1 }, RangeError, "handshakeTimeout"],
    [{ transport: new TransformStream() }, TypeError, "transport"],
  ] as const
) {
  Deno.test(`makeReconnectingClient() throws for ${Object.entries(options).map(String)}`, () => {
    assertThrows(() => makeReconnectingClient("ws://localhost/", options as never), error, message);
    assertThrows(() => makeReconnectingClient(() => "ws://localhost/", options as never), error, message);
  });
}

Deno.test("makeReconnectingClient() throws for a URL of another scheme", () => {
  assertThrows(() => makeReconnectingClient("ftp://localhost/"), TypeError, "ftp:");
});

Deno.test("minDelay is at most maxDelay if only that is given", () => {
  assertEquals(checkRetryOptions({ maxDelay: 50 }).minDelay, 50);
});
