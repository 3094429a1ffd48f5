import type { Roster } from "../connection/roster.ts";
import type { OpenWebSocket } from "./connections.ts";
import { openWebSocketOf, type Server } from "./server.ts";

type Inspect = (value: unknown, options: unknown) => string;

/** The open WebSockets of a listener, as its users see them: a live set that they can't change. */
export class OpenWebSockets implements ReadonlySet<Server<unknown>> {
  readonly #roster: Roster<OpenWebSocket>;

  /** @param roster The listener's open WebSockets. */
  constructor(roster: Roster<OpenWebSocket>) {
    this.#roster = roster;
  }

  /** How many there are. */
  get size(): number {
    return this.#roster.size;
  }

  /** The name of the class. */
  get [Symbol.toStringTag](): string {
    return "OpenWebSockets";
  }

  /** Whether a value is one of them. */
  has(value: unknown): boolean {
    const member = openWebSocketOf(value);
    return member !== null && this.#roster.has(member);
  }

  /** Calls a function with each. */
  forEach(
    callback: (ws: Server<unknown>, again: Server<unknown>, set: ReadonlySet<Server<unknown>>) => void,
    thisArg?: unknown,
  ): void {
    for (const ws of this) callback.call(thisArg, ws, ws, this);
  }

  /** Each twice, as a `Set` gives them. */
  *entries(): Generator<[Server<unknown>, Server<unknown>], undefined> {
    for (const ws of this) yield [ws, ws];
  }

  /** The same as {@linkcode OpenWebSockets.values}. */
  keys(): Generator<Server<unknown>, undefined> {
    return this.values();
  }

  /** Iterates over those that are open now, except for those that end before their turn. */
  *values(): Generator<Server<unknown>, undefined> {
    // Only a Server registers itself with a listener.
    for (const { ws } of this.#roster) yield ws as Server<unknown>;
  }

  /** The same as {@linkcode OpenWebSockets.values}. */
  [Symbol.iterator](): Generator<Server<unknown>, undefined> {
    return this.values();
  }

  /** Returns a new set of the values that are in either. */
  union<Other>(other: ReadonlySetLike<Other>): Set<Server<unknown> | Other> {
    return new Set(this).union(other);
  }

  /** Returns a new set of the values that are in both. */
  intersection<Other>(other: ReadonlySetLike<Other>): Set<Server<unknown> & Other> {
    return new Set(this).intersection(other);
  }

  /** Returns a new set of the WebSockets that are not in the other. */
  difference<Other>(other: ReadonlySetLike<Other>): Set<Server<unknown>> {
    return new Set(this).difference(other);
  }

  /** Returns a new set of the values that are in only one of them. */
  symmetricDifference<Other>(other: ReadonlySetLike<Other>): Set<Server<unknown> | Other> {
    return new Set(this).symmetricDifference(other);
  }

  /** Whether the other has all of them. */
  isSubsetOf(other: ReadonlySetLike<unknown>): boolean {
    return new Set(this).isSubsetOf(other);
  }

  /** Whether they include all of the other. */
  isSupersetOf(other: ReadonlySetLike<unknown>): boolean {
    return new Set<unknown>(this).isSupersetOf(other);
  }

  /** Whether the other has none of them. */
  isDisjointFrom(other: ReadonlySetLike<unknown>): boolean {
    return new Set(this).isDisjointFrom(other);
  }

  /** Shows them as a `Set` would. */
  [Symbol.for("nodejs.util.inspect.custom")](_depth: number, options: object, inspect: Inspect): string {
    return inspect(new Set(this), options).replace(/^Set/, "OpenWebSockets");
  }
}
