import { assert, assertEquals, assertThrows } from "@std/assert";
import { HeadError } from "../../src/http/head_error.ts";
import type { HeadFields } from "../../src/http/head_fields.ts";
import { bytesOf, cuts } from "./_bytes.ts";

/** What the parsers of both kinds have in common. */
export interface Parser<Head extends { fields: HeadFields }> {
  readonly done: boolean;
  readonly head: Head;
  push(chunk: Uint8Array): number;
}

/** What became of the bytes: how many the parser took, and the head, the error, or neither. */
export type Outcome =
  | { consumed: number; head: Record<string, unknown> }
  | { status: number; message: string }
  | { consumed: number };

/** Feeds a parser with chunks until it has enough. */
export function feed<Head extends { fields: HeadFields }>(parser: Parser<Head>, chunks: Uint8Array[]): Outcome {
  let consumed = 0;
  try {
    for (const chunk of chunks) consumed += parser.push(chunk);
  } catch (error) {
    assert(error instanceof HeadError);
    const { name, status, message } = error;
    assertEquals(name, "HeadError");
    // A parser that has failed stays so.
    assertThrows(() => parser.push(bytesOf("\r\n\r\n")), HeadError, message);
    assert(!parser.done);
    return { status, message };
  }
  if (!parser.done) return { consumed };
  assertEquals(parser.push(bytesOf("more")), 0);
  return { consumed, head: { ...parser.head, fields: [...parser.head.fields] } };
}

/** Feeds parsers with a text cut in every way, and returns the outcome, which must not depend on the cut. */
export function outcomeOf<Head extends { fields: HeadFields }>(make: () => Parser<Head>, text: string): Outcome {
  const bytes = bytesOf(text);
  const outcome = feed(make(), [bytes]);
  for (const chunks of cuts(bytes)) {
    assertEquals(
      feed(make(), chunks),
      outcome,
      `${JSON.stringify(text)} cut in ${chunks.length}, the first of ${chunks[0]?.length}`,
    );
  }
  return outcome;
}
