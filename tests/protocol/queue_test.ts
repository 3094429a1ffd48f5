import { assertEquals } from "@std/assert";
import { Queue } from "../../src/protocol/queue.ts";
import { Random } from "../support/random.ts";

Deno.test("shift() returns undefined if the queue is empty, and the queue stays usable", () => {
  const queue = new Queue<number>();
  assertEquals([queue.first, queue.shift(), queue.shift(), queue.length], [undefined, undefined, undefined, 0]);
  queue.push(1);
  assertEquals([queue.first, queue.length, queue.shift(), queue.shift(), queue.length], [1, 1, 1, undefined, 0]);
});

Deno.test("clear() drops what is queued, whatever was taken before", () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 20; i++) queue.push(i);
  for (let i = 0; i < 5; i++) queue.shift();
  queue.clear();
  assertEquals([queue.length, queue.first, queue.shift()], [0, undefined, undefined]);
  queue.push(7);
  assertEquals([queue.length, queue.first, queue.shift()], [1, 7, 7]);
});

Deno.test("push() and shift() at random behave like an array", () => {
  const seed = 4711;
  const random = new Random(seed);
  const queue = new Queue<number>();
  const array: number[] = [];
  for (let step = 0; step < 20_000; step++) {
    // Long runs of either kind, so that the queue grows and becomes empty many times.
    if (random.next(100) < ((step >> 8) % 2 === 0 ? 80 : 20)) {
      queue.push(step);
      array.push(step);
    } else {
      assertEquals(queue.shift(), array.shift(), `seed ${seed}, step ${step}`);
    }
    assertEquals([queue.length, queue.first], [array.length, array[0]], `seed ${seed}, step ${step}`);
  }
});
