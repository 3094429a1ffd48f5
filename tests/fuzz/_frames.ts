/**
 * Arbitrary frames, cuts and garbage.
 *
 * @module
 */
import type { Role } from "../../protocol.ts";
import { concat, frame, frameFor } from "../support/frames.ts";
import type { FastCheck } from "./_fuzz.ts";

/** A conversation: what the peer sends, and what comes of it. */
export interface Conversation {
  /** The frames. */
  readonly frames: Uint8Array<ArrayBuffer>[];
  /** What the receiver tells: messages as they are, `"ping 00ff"`, `"pong 00ff"`. */
  readonly told: (string | Uint8Array)[];
}

type Step =
  | {
    kind: "message";
    data: string | Uint8Array<ArrayBuffer>;
    cuts: number[];
    between: [number, Uint8Array<ArrayBuffer>][];
  }
  | { kind: "control"; first: number; payload: Uint8Array<ArrayBuffer> };

const encoder = new TextEncoder();

/** Any sequence of valid frames. */
export function conversation(fc: typeof FastCheck, role: Role): FastCheck.Arbitrary<Conversation> {
  const control = fc.tuple(fc.constantFrom(0x89, 0x8a), bytes(fc, 125));
  const data = fc.oneof(fc.string({ unit: "grapheme", maxLength: 300 }), bytes(fc, 1000));
  const step: FastCheck.Arbitrary<Step> = fc.oneof(
    fc.record({
      kind: fc.constant("message" as const),
      data,
      cuts: fc.array(fc.nat(1000), { maxLength: 6 }),
      between: fc.array(control, { maxLength: 3 }),
    }),
    control.map(([first, payload]) => ({ kind: "control" as const, first, payload })),
  );
  return fc.array(step, { maxLength: 12 }).map((steps) => {
    const conversation: Conversation = { frames: [], told: [] };
    for (const step of steps) add(conversation, step, role);
    return conversation;
  });
}

function add({ frames, told }: Conversation, step: Step, role: Role): void {
  if (step.kind === "control") {
    frames.push(frameFor(role, step.first, step.payload));
    told.push(`${step.first === 0x89 ? "ping" : "pong"} ${step.payload.toHex()}`);
    return;
  }
  const { data, between } = step;
  const payload = typeof data === "string" ? encoder.encode(data) : data;
  const ends = [...step.cuts.map((cut) => Math.min(cut, payload.length)).sort((a, b) => a - b), payload.length];
  let at = 0;
  for (const [index, end] of ends.entries()) {
    const opcode = index > 0 ? 0 : typeof data === "string" ? 1 : 2;
    const fin = index === ends.length - 1 ? 0x80 : 0;
    frames.push(frameFor(role, fin | opcode, payload.slice(at, end)));
    at = end;
    const [first, body] = between[index] ?? [];
    if (fin !== 0 || first === undefined || body === undefined) continue;
    add({ frames, told }, { kind: "control", first, payload: body }, role);
  }
  told.push(data);
}

/** Bytes that are frames for the most part, so that they get past the first check. */
export function garbage(fc: typeof FastCheck, role: Role): FastCheck.Arbitrary<Uint8Array<ArrayBuffer>> {
  const masks = fc.constantFrom(...(role === "server" ? ["37fa213d", "00000000", null] : [null, null, "37fa213d"]));
  const almost = fc.tuple(fc.integer({ min: 0, max: 255 }), bytes(fc, 300), masks).map(([first, payload, key]) =>
    frame(first, payload, { key })
  );
  const valid = conversation(fc, role).map(({ frames }) => concat(frames));
  const flipped = fc.tuple(valid, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 4 })).map(
    ([bytes, flips]) => {
      const copy = bytes.slice();
      for (const [at, by] of flips) if (copy.length > 0) copy[at % copy.length] ^= by;
      return copy;
    },
  );
  return fc.array(fc.oneof(almost, valid, flipped, bytes(fc, 50)), { maxLength: 6 }).map(concat);
}

/** Any bytes. */
export function bytes(fc: typeof FastCheck, maxLength: number): FastCheck.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.uint8Array({ maxLength }) as FastCheck.Arbitrary<Uint8Array<ArrayBuffer>>;
}

/** Any way to cut bytes. */
export function cutter(fc: typeof FastCheck): FastCheck.Arbitrary<(bytes: Uint8Array) => Uint8Array[]> {
  const lengths = fc.array(fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 600 })), {
    minLength: 1,
    maxLength: 20,
  });
  return lengths.map((lengths) =>
    Object.assign((bytes: Uint8Array) => {
      const pieces: Uint8Array[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        pieces.push(bytes.subarray(at, at += lengths[turn % lengths.length]));
      }
      return pieces;
    }, { toString: () => `pieces of ${lengths}` })
  );
}
