// What the command line takes, and what it says of the rest.
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { type Command, parseArguments } from "../../src/cli/arguments.ts";
import { readTyped, type TypedCommand } from "../../src/cli/typed_command.ts";
import { UsageError } from "../../src/cli/usage.ts";

const DEFAULTS: Command = {
  url: "ws://h/",
  listen: null,
  headers: [],
  protocols: [],
  proxy: null,
  ca: [],
  compress: false,
  ping: undefined,
  reconnect: false,
  binary: null,
  json: false,
  once: false,
  wait: 1000,
};

const TAKEN: readonly (readonly [args: string, command: Partial<Command> | null])[] = [
  ["ws://h/", {}],
  ["--help", null],
  ["-h ws://h/ extra", null],
  ["-H A:b --header C:d:e ws://h/", { headers: [["A", "b"], ["C", "d:e"]] }],
  ["ws://h/ -H A:", { headers: [["A", ""]] }],
  ["--origin https://o ws://h/", { headers: [["Origin", "https://o"]] }],
  ["--protocol a --protocol b ws://h/", { protocols: ["a", "b"] }],
  ["--proxy=env --ca a.pem --ca b.pem ws://h/", { proxy: "env", ca: ["a.pem", "b.pem"] }],
  ["--compress --reconnect --json --once ws://h/", { compress: true, reconnect: true, json: true, once: true }],
  ["--ping 0 --wait 0 ws://h/", { ping: 0, wait: 0 }],
  ["--wait forever ws://h/", { wait: Infinity }],
  ["--binary hex ws://h/", { binary: "hex" }],
  ["--binary raw ws://h/", { binary: "raw" }],
  ["listen 5000", { url: null, listen: { hostname: "127.0.0.1", port: 5000 } }],
  ["listen 0.0.0.0:0", { url: null, listen: { hostname: "0.0.0.0", port: 0 } }],
  ["listen [::1]:80 --json", { url: null, listen: { hostname: "::1", port: 80 }, json: true }],
];

for (const [args, command] of TAKEN) {
  Deno.test(`parseArguments() takes ${args}`, () => {
    assertEquals(parseArguments(args.split(" ")), command === null ? null : { ...DEFAULTS, ...command });
  });
}

const REFUSED: readonly (readonly [args: string[], says: string])[] = [
  [[], "the URL is missing"],
  [["ws://a/", "ws://b/"], "there must be one URL, received 2"],
  [["--nope", "ws://h/"], "--nope"],
  [["--wait"], "--wait"],
  [["--compress=yes", "ws://h/"], "--compress"],
  [["-H", "no colon", "ws://h/"], '--header must be "NAME: VALUE", received "no colon"'],
  [["-H", ":x", "ws://h/"], "--header must be"],
  [["--ping", "soon", "ws://h/"], '--ping must be milliseconds, received "soon"'],
  [["--wait", "1e3", "ws://h/"], "--wait must be milliseconds"],
  [["--wait", "9999999999", "ws://h/"], "--wait must be milliseconds"],
  [["--binary", "octal", "ws://h/"], '--binary must be hex, base64 or raw, received "octal"'],
  [["--binary", "raw", "--json", "ws://h/"], "--binary raw can't go with --json"],
  [["--binary", "raw", "--reconnect", "ws://h/"], "--binary raw can't go with --reconnect"],
  [["--binary", "raw", "listen", "1"], "--binary raw can't go with listen"],
  [["listen"], 'listen needs a port from 0 to 65535, or HOST:PORT, received ""'],
  [["listen", "70000"], "listen needs a port"],
  [["listen", "localhost"], "listen needs a port"],
  [["listen", "1", "2"], "listen needs a port"],
  [["listen", "1", "--proxy", "env"], "--proxy is for a client"],
  [["listen", "1", "--reconnect"], "--reconnect is for a client"],
];

for (const [args, says] of REFUSED) {
  Deno.test(`parseArguments() refuses ${JSON.stringify(args)}`, () => {
    assertStringIncludes(assertThrows(() => parseArguments(args), UsageError).message, says);
  });
}

const TYPED: readonly (readonly [line: string, command: TypedCommand])[] = [
  ["", { kind: "nothing" }],
  ["Hi", { kind: "send", text: "Hi" }],
  [" /close", { kind: "send", text: " /close" }],
  ["//close", { kind: "send", text: "/close" }],
  ["/ping", { kind: "ping" }],
  ["/help", { kind: "help" }],
  ["/close", { kind: "close", code: undefined, reason: "" }],
  ["/close 4000", { kind: "close", code: 4000, reason: "" }],
  ["/close 4000 it is late", { kind: "close", code: 4000, reason: "it is late" }],
  ["/close it is late", { kind: "close", code: undefined, reason: "it is late" }],
  ["/", { kind: "unknown", name: "" }],
  ["/closed", { kind: "unknown", name: "closed" }],
];

for (const [line, command] of TYPED) {
  Deno.test(`readTyped() reads ${JSON.stringify(line)}`, () => assertEquals(readTyped(line), command));
}
