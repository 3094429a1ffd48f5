// What has ended must not survive V8's minor collections, or the heap fills up with dead connections.
import { assertEquals, assertLess } from "@std/assert";
import { testWith } from "../support/permissions.ts";

/**
 * What may survive, in bytes. It is at most two thirds of that (Deno 2.9.6); half as much again, up to five times as
 * much, with any of these: a long-lived `Set` or `Map` whose members change, an object literal whose getter refers to
 * the connection, a timer whose callback does, an object that inherits from the request.
 */
const LIMITS: Record<string, number> = {
  "a connection of serve()": 1500,
  "a connection of Deno.serve()": 1500,
  "a connection of connect()": 3500,
  "a call of receive()": 60,
  "a call of ping()": 60,
};

const FLAGS = "--v8-flags=--expose-gc,--min-semi-space-size=32,--initial-old-space-size=512";

testWith(
  { net: true, run: true, read: true },
  "little of what has ended survives V8's minor collections",
  async (t) => {
    const program = new URL("_survivors.ts", import.meta.url).href;
    const args = ["run", "--allow-net", "--allow-read", FLAGS, program];
    const { stdout, success } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
    assertEquals(success, true);
    const left: Record<string, number> = JSON.parse(new TextDecoder().decode(stdout));
    assertEquals(Object.keys(left), Object.keys(LIMITS));
    for (const [name, limit] of Object.entries(LIMITS)) await t.step(name, () => assertLess(left[name], limit));
  },
);
