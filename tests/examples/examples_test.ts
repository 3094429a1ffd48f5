// The examples, run as a user runs them.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { makeServer, serve } from "../../server.ts";
import { testWith } from "../support/permissions.ts";

const ROOT = new URL("../../", import.meta.url);
const NEEDS = { net: true, run: true, read: true };

interface Run {
  code: number;
  out: string;
  err: string;
}

/** Starts an example with some flags and arguments. */
function start(args: string[], stdin: "null" | "piped" = "null"): Deno.ChildProcess {
  const env = { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" };
  const io = { stdin, stdout: "piped", stderr: "piped" } as const;
  return new Deno.Command(Deno.execPath(), { args: ["run", ...args], cwd: ROOT, env, ...io }).spawn();
}

async function end(child: Deno.ChildProcess): Promise<Run> {
  const { code, stdout, stderr } = await child.output();
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

testWith(NEEDS, "examples/echo.ts --once prints the echo, and ends", async () => {
  const { code, out } = await end(start(["--allow-net", "examples/echo.ts", "--once"]));
  assertEquals([code, out], [0, "Got: Hi\n"]);
});

testWith(NEEDS, "examples/echo.ts names --allow-net if it has no permission and no terminal", async () => {
  const { code, err } = await end(start(["examples/echo.ts", "--once"]));
  assert(code !== 0);
  assertStringIncludes(err, "--allow-net");
});

testWith(NEEDS, "examples/echo.ts serves until SIGINT, or says that its port is in use", async () => {
  const child = start(["--allow-net", "examples/echo.ts"]);
  const [lines, copy] = child.stdout.pipeThrough(new TextDecoderStream()).tee();
  const errors = new Response(child.stderr).text();
  const output = Array.fromAsync(copy);
  for await (const text of lines) if (text.includes("until Ctrl-C")) child.kill("SIGINT");
  const { code } = await child.status;
  // The port is the example's own: where another program has it, the example says so.
  if (code !== 0) return assertStringIncludes(await errors, "is in use");
  assertEquals(await errors.then((text) => text.includes("error")), false);
  assertEquals((await output).join("").split("\n")[0], "Got: Hi");
});

/** An echo server, for the client to talk to. */
function echo() {
  const server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    return ws.response;
  });
  return { server, url: `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/` };
}

testWith(NEEDS, "examples/client.ts sends its lines, and prints what comes back", async () => {
  const { server, url } = echo();
  const child = start(["--allow-net", "examples/client.ts", url], "piped");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("one\ntwo\nGrüße"));
  await writer.close();
  const { code, out, err } = await end(child);
  assertEquals([code, out], [0, "one\ntwo\nGrüße\n"]);
  assertStringIncludes(err, "Closed: 1000");
  await server.shutdown();
});

testWith(NEEDS, "examples/client.ts ends if the server closes, though there may be more lines", async () => {
  const { server, url } = echo();
  const child = start(["--allow-net", "examples/client.ts", url], "piped");
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode("one\n"));
  const reader = child.stdout.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "one\n");
  await server.shutdown();
  assertEquals((await child.status).code, 1);
  assertStringIncludes(await new Response(child.stderr).text(), "Closed: 1001 The server shuts down");
  await reader.cancel();
  await writer.abort();
});

testWith(NEEDS, "examples/client.ts says why it was refused, and exits with 1", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  const { code, err } = await end(start(["--allow-net", "examples/client.ts", `ws://127.0.0.1:${port}/`]));
  assertEquals(code, 1);
  assertStringIncludes(err, "can't be reached");
});

testWith(NEEDS, "examples/client.ts prints its usage if no URL is given, and exits with 2", async () => {
  const { code, err } = await end(start(["examples/client.ts"]));
  assertEquals(code, 2);
  assertStringIncludes(err, "Usage:");
});

testWith(NEEDS, "examples/client.ts says what is wrong with a URL", async () => {
  const { code, err } = await end(start(["examples/client.ts", "nowhere"]));
  assertEquals(code, 1);
  assertStringIncludes(err, "Cannot connect: the URL can't be parsed");
});
