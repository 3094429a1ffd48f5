import { assert, assertEquals, assertFalse } from "@std/assert";
import { Protocol } from "../../protocol.ts";
import { BlockPool } from "../../src/protocol/block_pool.ts";
import type { InternalProtocolOptions } from "../../src/protocol/protocol_options.ts";
import { Slab } from "../../src/protocol/slab.ts";
import { Endpoint, ROLES } from "../support/endpoint.ts";
import { concat, frameFor, pattern, readFrames } from "../support/frames.ts";

for (const role of ROLES) {
  Deno.test(`whenWritten() as ${role} runs callbacks in order, each when its bytes are written`, () => {
    const { protocol } = new Endpoint(role);
    const log: string[] = [];
    const send = (name: string, length: number) => {
      protocol.sendBinary(new Uint8Array(length));
      protocol.whenWritten(() => log.push(name));
    };
    send("a", 5);
    send("b", 5);
    protocol.next();
    send("c", 5);
    send("d", 70_000);
    send("e", 5);
    assertEquals(log, []);
    protocol.done();
    assertEquals(log, ["a", "b"]);
    for (let bytes = protocol.next(); bytes !== null; bytes = protocol.next()) {
      log.push(bytes.length > 65_000 ? "large" : "small");
      protocol.done();
    }
    // A server writes the header of "d" with "c" and its payload by itself; a client copies the payload.
    const expected = role === "server" ? ["small", "c", "large", "d"] : ["small", "c", "large", "d"];
    assertEquals(log, ["a", "b", ...expected, "small", "e"]);
  });

  Deno.test(`whenWritten() as ${role} runs a callback at once if nothing is queued`, () => {
    const { protocol } = new Endpoint(role);
    let runs = 0;
    protocol.whenWritten(() => runs++);
    assertEquals(runs, 1);
  });

  Deno.test(`whenWritten() as ${role} keeps the order of callbacks that are added by callbacks`, () => {
    const { protocol } = new Endpoint(role);
    const log: string[] = [];
    protocol.sendText("a");
    protocol.whenWritten(() => {
      log.push("first");
      protocol.whenWritten(() => log.push("third"));
    });
    protocol.whenWritten(() => log.push("second"));
    protocol.next();
    protocol.done();
    assertEquals(log, ["first", "second", "third"]);
  });

  Deno.test(`whenWritten() as ${role} takes linear time for many callbacks`, () => {
    const endpoint = new Endpoint(role);
    const { protocol } = endpoint;
    let runs = 0;
    for (let i = 0; i < 300_000; i++) {
      protocol.sendText("hello");
      protocol.whenWritten(() => runs++);
    }
    endpoint.writes();
    assertEquals(runs, 300_000);
  });

  Deno.test(`queued as ${role} counts every byte until done()`, () => {
    const { protocol } = new Endpoint(role);
    const mask = role === "client" ? 4 : 0;
    protocol.sendText("abc");
    assertEquals(protocol.queued, 5 + mask);
    protocol.sendBinary(new Uint8Array(70_000));
    assertEquals(protocol.queued, 5 + mask + 70_010 + mask);
    protocol.sendPing();
    let queued = protocol.queued;
    for (let bytes = protocol.next(); bytes !== null; bytes = protocol.next()) {
      assertEquals(protocol.queued, queued);
      protocol.done();
      queued -= bytes.length;
      assertEquals(protocol.queued, queued);
    }
    assertEquals(queued, 0);
  });

  Deno.test(`done() as ${role} returns memory to the pool only if reuse is true`, () => {
    for (const reuse of [true, false]) {
      const { protocol, platform } = new Endpoint(role, { reuse });
      for (let i = 0; i < 50; i++) {
        // The block grows twice, from 1 KiB to 8 KiB to 64 KiB, and is followed by another one.
        for (const length of [100, 5000, 20_000, 60_000]) protocol.sendBinary(new Uint8Array(length));
        while (protocol.next() !== null) protocol.done();
      }
      assertEquals(platform.pool.out.size === 0, reuse);
      assertEquals(platform.pool.lent < 250_000, reuse);
    }
  });

  Deno.test(`next() as ${role} shares memory that is in flight with nobody else`, () => {
    const endpoint = new Endpoint(role, { reuse: true });
    const { protocol, platform } = endpoint;
    const sharing: InternalProtocolOptions = { platform, reuse: true };
    const other = new Protocol(role, endpoint, sharing);
    for (let round = 0; round < 20; round++) {
      protocol.sendBinary(pattern(100 + round * 900));
      const bytes = protocol.next()!;
      const before = bytes.toHex();
      for (let i = 0; i < 5; i++) {
        protocol.sendBinary(new Uint8Array(30_000).fill(0xee));
        other.sendBinary(new Uint8Array(i * 2000).fill(0xdd));
        endpoint.feed([frameFor(role, 0x82, new Uint8Array(i * 2000))]);
        other.receive(frameFor(role, 0x82, new Uint8Array(i * 2000)));
        while (other.next() !== null) other.done();
      }
      assertEquals(bytes.toHex(), before);
      while (protocol.next() !== null) protocol.done();
    }
  });

  Deno.test(`close() as ${role} keeps the memory in flight from the pool until it is written`, () => {
    const { protocol, platform } = new Endpoint(role, { reuse: true });
    protocol.sendText("in flight");
    protocol.next();
    protocol.close();
    assertEquals(platform.pool.out.size, 1);
    protocol.done();
    assertEquals(platform.pool.out.size, 0);
  });

  Deno.test(`received() as ${role} reads with little memory while little arrives, and with more while more does`, () => {
    const { protocol } = new Endpoint(role);
    const sizes: number[] = [];
    const bytes = concat(Array(700).fill(frameFor(role, 0x82, new Uint8Array(100))));
    for (let at = 0; at < 60_000;) {
      const buffer = protocol.readBuffer();
      sizes.push(buffer.length);
      buffer.set(bytes.subarray(at, at + buffer.length));
      protocol.received(Math.min(buffer.length, bytes.length - at));
      at += buffer.length;
    }
    assertEquals(sizes[0], 1024);
    assert(sizes.length <= 4, `${sizes}`);
    assert(sizes.at(-1)! > 60_000);
    const rest = protocol.readBuffer();
    rest.set(bytes.subarray(0, 1));
    protocol.received(1);
    assert(protocol.readBuffer().length <= 1024);
  });
}

Deno.test("readBuffer() as server returns every block that it releases to the pool", () => {
  const endpoint = new Endpoint("server");
  for (const length of [10, 5000, 60_000, 10, 3000, 70_000, 1]) {
    endpoint.feed([frameFor("server", 0x82, new Uint8Array(length))], "readBuffer");
    assertEquals(endpoint.platform.pool.out.size, 1);
  }
});

Deno.test("borrow() returns at least the requested size, which is sizeFor()'s", () => {
  const pool = new BlockPool();
  for (const size of [0, 1, 1024, 1025, 8192, 8193, 65_600, 65_601, 65_602, 1_000_001]) {
    const block = pool.borrow(size);
    assert(block.size >= size && block.bytes.length === block.size && block.words.length * 4 === block.size);
    assert(pool.sizeFor(size) >= size && block.size - pool.sizeFor(size) < 4);
  }
});

Deno.test("borrow() lends a released block again, but none above 64 KiB and its header", () => {
  const pool = new BlockPool();
  for (const size of [1024, 8192, 65_600]) {
    const block = pool.borrow(size);
    const other = pool.borrow(size);
    assertFalse(block === other);
    pool.release(block);
    assertEquals(pool.borrow(size) === block, true);
  }
  const large = pool.borrow(100_000);
  pool.release(large);
  assertFalse(pool.borrow(100_000) === large);
});

Deno.test("release() keeps about 4 MiB of free blocks at most", () => {
  const pool = new BlockPool();
  let kept = 0;
  for (const size of [1024, 8192, 65_600]) {
    const blocks = Array.from({ length: 2000 }, () => pool.borrow(size));
    for (const block of blocks) pool.release(block);
    const known = new Set(blocks);
    for (let block = pool.borrow(size); known.has(block); block = pool.borrow(size)) kept += block.size;
  }
  assert(kept > 1 << 20 && kept < 5 << 20, `${kept} bytes`);
});

Deno.test("take() returns pieces of the exact length that share no byte", () => {
  const slab = new Slab();
  const lengths = [0, 1, 7, 8, 9, 16_384, 16_384, 16_384, 16_384, 16_385, 100_000, 3, 65_536];
  const pieces = lengths.map((length, index) => slab.take(length).fill(index));
  for (const [index, piece] of pieces.entries()) {
    assertEquals(piece.length, lengths[index]);
    assertEquals(piece.byteOffset % 8, 0);
    assert(piece.every((byte) => byte === index));
  }
  assertEquals(
    pieces.map((piece) => piece.length > 16_384 ? piece.buffer.byteLength - piece.length : 0).every((n) => n === 0),
    true,
  );
});

Deno.test("next() as server writes the largest header before a large payload", () => {
  const { protocol } = new Endpoint("server");
  protocol.sendBinary(new Uint8Array(65_537));
  const header = protocol.next()!;
  assertEquals(header.toHex(), "827f0000000000010001");
  assertEquals(readFrames(concat([header, new Uint8Array(65_537)])).length, 1);
});
