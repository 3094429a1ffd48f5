import { assertEquals } from "@std/assert";
import { Progress, type ProgressOutput } from "./progress.ts";

/** An output that keeps what is written, and a clock that stands still. */
function makeOutput(isTerminal: boolean, columns = 80): ProgressOutput & { written: string; time: number } {
  const output = {
    written: "",
    time: 0,
    isTerminal,
    columns: () => columns,
    write: (text: string) => void (output.written += text),
    now: () => output.time,
  };
  return output;
}

Deno.test("Progress draws a bar with the remaining time on a terminal", () => {
  const output = makeOutput(true);
  const progress = new Progress(200, output);
  output.time = 30_000;
  progress.update(50, "2 lost");
  assertEquals(output.written, `\r\x1b[K${"█".repeat(8)}${"░".repeat(22)} 25 %, 1 min 30 s left, 2 lost`);
  progress.update(60);
  output.time += 99;
  progress.update(70);
  assertEquals(output.written.includes("35 %"), false, "it was drawn again within 100 ms");
  output.written = "";
  progress[Symbol.dispose]();
  assertEquals(output.written, "\r\x1b[K");
});

Deno.test("Progress fits into the width of the terminal", () => {
  const output = makeOutput(true, 21);
  const progress = new Progress(10, output);
  output.time = 1000;
  progress.update(10, "a long note");
  assertEquals(output.written, `\r\x1b[K${"█".repeat(10)} 100 %, 0 `);
});

Deno.test("Progress prints a line every 30 seconds if there is no terminal", () => {
  const output = makeOutput(false);
  using progress = new Progress(7200, output);
  for (let second = 1; second <= 65; second++) {
    output.time = second * 1000;
    progress.update(second);
  }
  assertEquals(output.written, "0 %, 1 h 59 min left\n0 %, 1 h 59 min left\n");
  output.time = 7_200_000;
  progress.update(0);
  assertEquals(output.written.slice(-4), "0 %\n");
});
