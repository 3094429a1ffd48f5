import { assert, assertEquals } from "@std/assert";
import { setImmediate } from "node:timers";
import { WriteTurns } from "../../src/connection/write_turns.ts";

const COUNT = 250;

/** Has so many write, and resolves when the last has. */
function enter(count: number, onTurn: (index: number) => void): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  for (let index = 0; index < count; index++) {
    WriteTurns.enter({
      onWriteTurn() {
        if (index === count - 1) resolve();
        onTurn(index);
      },
    });
  }
  return promise;
}

Deno.test("WriteTurns lets a few write at the end of the turn, and none before", async () => {
  const written: number[] = [];
  const all = enter(3, (index) => written.push(index));
  assertEquals(written, []);
  await Promise.resolve();
  assertEquals(written, [0, 1, 2]);
  await all;
});

Deno.test("WriteTurns lets many write in order, with turns of the event loop between", async () => {
  const written: number[] = [];
  const all = enter(COUNT, (index) => written.push(index));
  await Promise.resolve();
  const first = written.length;
  assert(first > 0 && first < COUNT, `${first} have written at the end of the turn`);
  const turn = Promise.withResolvers<number>();
  setImmediate(() => turn.resolve(written.length));
  // Behind those that wait already.
  const late = enter(1, () => written.push(COUNT));
  assert(await turn.promise < COUNT);
  await Promise.all([all, late]);
  assertEquals(written, Array.from({ length: COUNT + 1 }, (_, index) => index));
});

Deno.test("WriteTurns lets a writer enter again during its turn, after the others had theirs", async () => {
  const written: number[] = [];
  const again = Promise.withResolvers<void>();
  const all = enter(COUNT, (index) => {
    written.push(index);
    if (index === 0) WriteTurns.enter({ onWriteTurn: () => again.resolve(void written.push(-1)) });
  });
  await Promise.all([all, again.promise]);
  assertEquals(written.at(-1), -1);
});

Deno.test("WriteTurns reports a writer's exception, and gives the others their turn", async () => {
  const faults: unknown[] = [];
  const onError = (event: ErrorEvent) => {
    event.preventDefault();
    faults.push(event.error);
  };
  globalThis.addEventListener("error", onError);
  try {
    const fault = new Error("a class of the application's own");
    let written = 0;
    await enter(COUNT, (index) => {
      written++;
      if (index === 1) throw fault;
    });
    assertEquals(written, COUNT);
    assertEquals(faults, [fault]);
  } finally {
    globalThis.removeEventListener("error", onError);
  }
});
