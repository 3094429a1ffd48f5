/**
 * Compressing and inflating by themselves: the package's own, `node:zlib` as streams and by its synchronous calls,
 * `npm:pako` and `npm:fflate`, at level 6 with a window of 32 KiB, with and without context takeover.
 *
 *     deno run --allow-all bench/deflate_bench.ts [--rounds=15]
 *
 * All engines get the same messages in turn, round after round; the figures are medians and, in brackets, the sum of what
 * each few messages took in their best round, in microseconds a message. On a busy machine that says more.
 */
import { Buffer } from "node:buffer";
import { constants, createDeflateRaw, createInflateRaw, deflateRawSync, inflateRawSync } from "node:zlib";
import * as fflate from "npm:fflate@0.8.2";
import pako from "npm:pako@2.1.0";
import { DeflateEngine } from "../src/deflate/engine.ts";
import { checkDeflateOptions } from "../src/deflate/options.ts";
import { PerMessageDeflate } from "../src/deflate/per_message_deflate.ts";
import { KINDS, makeMessages } from "./compressed_messages.ts";

/** Turns a message into another form; the result, or how long it is. */
type Codec = (message: Uint8Array) => Promise<Uint8Array> | Uint8Array;

const { Z_SYNC_FLUSH } = constants;
const TAIL = Uint8Array.of(0, 0, 0xff, 0xff);
const SIZES = [[200, 400], [4096, 60], [65536, 6]] as const;
const rounds = Number(Deno.args.find((arg) => arg.startsWith("--rounds="))?.split("=")[1] ?? 15);

function own(takeover: boolean): PerMessageDeflate {
  return new PerMessageDeflate({
    role: "server",
    agreement: {
      serverNoContextTakeover: !takeover,
      clientNoContextTakeover: !takeover,
      serverMaxWindowBits: 15,
      clientMaxWindowBits: 15,
    },
    settings: checkDeflateOptions({ threshold: 0 })!,
    engine: new DeflateEngine(),
  });
}

function zlibDeflate(): Codec {
  const stream = createDeflateRaw({ level: 6 });
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  return async (message) => {
    stream.write(message);
    await new Promise<void>((resolve) => stream.flush(Z_SYNC_FLUSH, resolve));
    return Buffer.concat(chunks.splice(0)).subarray(0, -4);
  };
}

function zlibInflate(): Codec {
  const stream = createInflateRaw();
  const chunks: Uint8Array[] = [];
  stream.on("data", (chunk: Uint8Array) => void chunks.push(chunk));
  return async (message) => {
    stream.write(message);
    stream.write(TAIL);
    await new Promise<void>((resolve) => stream.flush(resolve));
    return Buffer.concat(chunks.splice(0));
  };
}

function pakoDeflate(takeover: boolean): Codec {
  const make = () => new pako.Deflate({ raw: true, level: 6, chunkSize: 16384 });
  let engine = make();
  return (message) => {
    if (!takeover) engine = make();
    const chunks: Uint8Array[] = [];
    engine.onData = (chunk: Uint8Array) => void chunks.push(chunk);
    engine.push(message, Z_SYNC_FLUSH);
    return Buffer.concat(chunks).subarray(0, -4);
  };
}

function pakoInflate(takeover: boolean): Codec {
  const make = () => new pako.Inflate({ raw: true, chunkSize: 16384 });
  let engine = make();
  return (message) => {
    if (!takeover) engine = make();
    const chunks: Uint8Array[] = [];
    engine.onData = (chunk: Uint8Array) => void chunks.push(chunk);
    engine.push(message, false);
    engine.push(TAIL, Z_SYNC_FLUSH);
    return Buffer.concat(chunks);
  };
}

const COMPRESSORS: Record<string, (takeover: boolean) => Codec | null> = {
  "own": (takeover) => {
    const extension = own(takeover);
    return (message) => extension.encode(message);
  },
  "zlib stream": (takeover) => takeover ? zlibDeflate() : null,
  "zlib sync": (takeover) =>
    takeover ? null : (message) => deflateRawSync(message, { level: 6, finishFlush: Z_SYNC_FLUSH }).subarray(0, -4),
  "pako": pakoDeflate,
  "fflate": (takeover) => takeover ? null : (message) => fflate.deflateSync(message, { level: 6 }),
};

const INFLATERS: Record<string, (takeover: boolean) => Codec | null> = {
  "own": (takeover) => {
    const extension = own(takeover);
    return (message) => extension.decode(message, 2 ** 26);
  },
  "zlib stream": (takeover) => takeover ? zlibInflate() : null,
  "zlib sync": (takeover) =>
    takeover ? null : (message) => inflateRawSync(Buffer.concat([message, TAIL]), { finishFlush: Z_SYNC_FLUSH }),
  "pako": pakoInflate,
  "fflate": () => null,
};

/** The time that an engine took. */
interface Times {
  readonly name: string;
  readonly codec: Codec;
  /** Of whole rounds. */
  readonly rounds: number[];
  /** Of each few messages, in their best round. */
  readonly best: number[];
  bytes: number;
}

/** So many bytes of messages are timed together. */
const TIMED = 16 * 1024;

async function measure(makers: typeof COMPRESSORS, takeover: boolean, messages: Uint8Array[]): Promise<string[]> {
  const engines = Object.entries(makers).flatMap(([name, make]): Times[] => {
    const codec = make(takeover);
    return codec === null ? [] : [{ name, codec, rounds: [], best: [], bytes: 0 }];
  });
  for (let round = 0; round < rounds + 3; round++) {
    for (const engine of engines) await runOnce(engine, messages, round >= 3);
  }
  return engines.map(({ name, rounds, best, bytes }) => {
    const median = rounds.toSorted((a, b) => a - b)[rounds.length >> 1];
    const sum = best.reduce((sum, time) => sum + time, 0);
    const figures = [median, sum].map((time) => (time * 1000 / messages.length).toFixed(1));
    return `  ${name.padEnd(12)} ${`${figures[0].padStart(8)} (${figures[1]})`.padEnd(20)} ${
      (bytes / messages.length).toFixed(1).padStart(9)
    } B`;
  });
}

async function runOnce(engine: Times, messages: Uint8Array[], counts: boolean): Promise<void> {
  const few = Math.ceil(TIMED / messages[0].length);
  let whole = 0;
  engine.bytes = 0;
  for (let at = 0; at < messages.length; at += few) {
    const start = performance.now();
    for (const message of messages.slice(at, at + few)) {
      const result = engine.codec(message);
      engine.bytes += (result instanceof Uint8Array ? result : await result).length;
    }
    const time = performance.now() - start;
    whole += time;
    if (counts) engine.best[at / few] = Math.min(engine.best[at / few] ?? Infinity, time);
  }
  if (counts) engine.rounds.push(whole);
}

/** The input of one engine's inflater: compressed by zlib, with or without context takeover. */
async function compress(messages: Uint8Array[], takeover: boolean): Promise<Uint8Array[]> {
  const codec = takeover ? zlibDeflate() : COMPRESSORS["zlib sync"](false)!;
  const compressed: Uint8Array[] = [];
  for (const message of messages) compressed.push(await codec(message));
  return compressed;
}

/** How long the event loop stands still while zlib's stream, or ours, compresses 4 MiB, in milliseconds. */
async function measureStall(codec: Codec): Promise<number> {
  const message = Buffer.concat(makeMessages(1024, 4096));
  let worst = 0;
  let last = performance.now();
  const timer = setInterval(() => {
    worst = Math.max(worst, performance.now() - last);
    last = performance.now();
  }, 1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  worst = 0;
  await codec(message);
  await new Promise((resolve) => setTimeout(resolve, 20));
  clearInterval(timer);
  return worst;
}

console.log(
  `Deno ${Deno.version.deno}; microseconds a message: median of ${rounds} rounds (best); bytes that come out`,
);
for (const [takeover, kind] of [[true, KINDS[0]], [true, KINDS[1]], [false, KINDS[0]]] as const) {
  for (const [size, count] of SIZES) {
    const messages = makeMessages(count, size, kind);
    console.log(`\n${size} B JSON, ${kind}, ${takeover ? "context takeover" : "no context takeover"}`);
    console.log(" compress", ...(await measure(COMPRESSORS, takeover, messages)).map((line) => `\n${line}`));
    // A context goes on from round to round, and what was compressed first refers to nothing: so it can be repeated.
    console.log(
      " inflate",
      ...(await measure(INFLATERS, takeover, await compress(messages, takeover))).map((line) => `\n${line}`),
    );
  }
}
console.log(
  `\nlongest stop of the event loop while 4 MiB are compressed, in ms: own ${
    (await measureStall(COMPRESSORS["own"](true)!)).toFixed(1)
  }, zlib stream ${(await measureStall(zlibDeflate())).toFixed(1)}`,
);
Deno.exit(0);
