/**
 * Runs byte vectors against the protocol: for both roles, split in every way, with the same outcome.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { MessageExtension, ProtocolOptions, Role } from "../../protocol.ts";
import { Endpoint, type Feed, FEEDS, ROLES } from "./endpoint.ts";
import { cut, vector } from "./frames.ts";

/** Bytes from a peer, and their outcome. */
export interface Vector {
  /** The behavior, for the test's name. */
  does: string;
  /** The frames, as `vector()` reads them. */
  frames: string;
  /** The events. */
  events: readonly string[];
  /** The frames that are sent in response, without the reason of a Close. */
  sent?: readonly string[];
  /** The roles that it applies to; both by default. */
  roles?: readonly Role[];
  /** How the protocol is set up. */
  options?: ProtocolOptions;
  /** Creates the negotiated extension for a role; `settle` returns the results that are due. */
  extension?: (role: Role) => MessageExtension & { settle?(): Promise<void> };
}

/** The outcome of some bytes. */
export interface Outcome {
  /** The events, in order. */
  events: string[];
  /** The frames that were sent, in order. */
  sent: string[];
}

/** The outcome of a violation: the error and the Close frame. */
export function violation(code: string, closeCode = 1002): Pick<Vector, "events" | "sent"> {
  return { events: [`error WS_${code} ${closeCode}`], sent: [`close ${closeCode}`] };
}

/**
 * Registers a test for each role that a vector applies to.
 *
 * @param vectors The vectors.
 */
export function testVectors(vectors: readonly Vector[]): void {
  for (const each of vectors) {
    for (const role of each.roles ?? ROLES) {
      Deno.test(`receive() as ${role} ${each.does}`, () => checkVector(each, role));
    }
  }
}

async function checkVector(each: Vector, role: Role): Promise<void> {
  const bytes = vector(each.frames, role);
  const expected = { events: [...each.events], sent: [...each.sent ?? []] };
  let first: Outcome | null = null;
  for (const [name, pieces] of splits(bytes)) {
    for (const feed of FEEDS) {
      const outcome = await outcomeOf(role, each, pieces, feed);
      const where = `${feed}, ${name}`;
      assertEquals({ ...outcome, sent: outcome.sent.map(withoutReason) }, expected, where);
      first ??= outcome;
      assertEquals(outcome, first, where);
    }
  }
}

async function outcomeOf(role: Role, each: Vector, pieces: Uint8Array[], feed: Feed): Promise<Outcome> {
  const extension = each.extension?.(role);
  const endpoint = new Endpoint(role, { ...each.options, extension });
  endpoint.feed(pieces, feed);
  await extension?.settle?.();
  return { events: endpoint.events, sent: endpoint.sent() };
}

function withoutReason(frame: string): string {
  return frame.startsWith("close ") ? frame.slice(0, "close 1000".length) : frame;
}

/** Whole, byte by byte, and in two pieces split at every byte; if it is long, only near both ends. */
function* splits(bytes: Uint8Array): Generator<[string, Uint8Array[]]> {
  yield ["whole", [bytes]];
  yield ["byte by byte", cut(bytes, 1)];
  for (let at = 1; at < bytes.length; at++) {
    if (at > 150 && at < bytes.length - 150) continue;
    yield [`split at ${at}`, [bytes.subarray(0, at), bytes.subarray(at)]];
  }
}
