/** The longest wait that a server can ask for, in milliseconds. */
export const MAX_RETRY_AFTER = 300_000;

/** RFC 9110 §5.6.7: an HTTP-date starts with the day's name in all three formats. */
const HTTP_DATE = /^(Mon|Tues?|Wed(nes)?|Thu(rs)?|Fri|Sat(ur)?|Sun)(day)?,? /;

/**
 * Parses how long a server asks its client to wait. RFC 9110 §10.2.3: "HTTP-date / delay-seconds".
 *
 * A date is compared with the response's own `Date`, so that a wrong clock on this side doesn't matter.
 *
 * @param headers The header fields of the response.
 * @param now The time of day, in milliseconds since 1970, if the response has no `Date`.
 * @returns Milliseconds, at most 300,000; null if there is no `Retry-After`, or it is malformed.
 */
export function parseRetryAfter(headers: Headers, now: number): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1_000, MAX_RETRY_AFTER);
  const date = parseDate(value);
  if (date === null) return null;
  const sent = parseDate(headers.get("date") ?? "") ?? now;
  return Math.min(Math.max(date - sent, 0), MAX_RETRY_AFTER);
}

function parseDate(text: string): number | null {
  if (!HTTP_DATE.test(text)) return null;
  // The format of C's asctime() names no time zone, and means UTC.
  const time = Date.parse(/GMT$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(time) ? null : time;
}
