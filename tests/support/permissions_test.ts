import { assertEquals } from "@std/assert";
import { missingFlags, netTest } from "./permissions.ts";

Deno.test("missingFlags() names every flag that is not granted", () => {
  const state = (name: string) => name === "read" ? "granted" : name === "net" ? "prompt" : "denied";
  assertEquals(missingFlags({ net: true, read: true, run: true }, state), ["--allow-net", "--allow-run"]);
});

Deno.test("missingFlags() returns nothing for a test that needs nothing", () => {
  assertEquals(missingFlags({ net: false }, () => "denied"), []);
  assertEquals(missingFlags({}, () => "denied"), []);
});

netTest("netTest() runs if the network is allowed", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assertEquals(listener.addr.transport, "tcp");
});
