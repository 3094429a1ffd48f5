// The command line in pipes: a filter.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { makeClient, makeServer, serve } from "@wsd/driver";
import { makeCertificate } from "../support/certificate.ts";
import { testWith } from "../support/permissions.ts";
import { rawServer } from "../support/raw_server.ts";
import { EVIL, NEEDS, PROGRAM, Run, run, SHOWN, talkingServer } from "./_command.ts";

testWith(NEEDS, "wsd URL sends each line as a message, and prints each message as a line", async () => {
  await using server = talkingServer();
  const lines = Array.from({ length: 20_000 }, (_, i) => `${i} grüße ${"x".repeat(i % 50)}`);
  const outcome = await run([server.url], lines.join("\n"));
  assertEquals([outcome.code, outcome.stderr], [0, ""]);
  assertEquals(outcome.stdout, lines.join("\n") + "\n");
});

testWith(NEEDS, "wsd URL takes CR LF, empty lines, and a last line with and without its end", async () => {
  await using server = talkingServer();
  for (const input of ["a\r\n\nb", "a\r\n\nb\n"]) {
    assertEquals(await run([server.url], input), { code: 0, stdout: "a\n\nb\n", stderr: "" });
  }
  // U+2028 ends no line, nor does a CR alone.
  const odd = "a\u2028b\rc";
  assertEquals((await run([server.url], odd)).stdout, `${odd}\n`);
});

testWith(NEEDS, "wsd URL prints messages exactly as they came", async () => {
  await using server = talkingServer();
  assertEquals((await run([server.url], "say evil")).stdout, `${EVIL}\n`);
});

testWith(NEEDS, "wsd --wait sets how long to wait for answers", async () => {
  const asked = Promise.withResolvers<void>();
  // Answers only once the input has ended and been waited for.
  await using silent = rawServer(async (peer) => {
    await peer.accept();
    assertEquals(await peer.frame(), "text Hi");
    asked.resolve();
    assertEquals(await peer.frame(), "close 1000");
    await peer.close(1000);
    await peer.end();
  });
  assertEquals(await run(["--wait", "0", silent.url], "Hi"), { code: 0, stdout: "", stderr: "" });
  await asked.promise;
  await using server = talkingServer();
  await using patient = new Run(["--wait", "forever", `${server.url}greeting`]);
  await patient.end();
  await patient.printed(/Welcome/);
  patient.kill("SIGINT");
  assertEquals((await patient.outcome()).code, 0);
});

testWith(NEEDS, "wsd --once ends after the first message", async () => {
  await using server = talkingServer();
  await using running = new Run(["--once", `${server.url}greeting`]);
  // Its input has not ended.
  assertEquals(await running.outcome(), { code: 0, stdout: "Welcome\n", stderr: "" });
});

for (const options of [[], ["--reconnect"]]) {
  testWith(NEEDS, `wsd --once ${options} prints no other message that came with the first`, async () => {
    await using server = talkingServer();
    await using running = new Run(["--once", ...options, `${server.url}greetings`]);
    assertEquals(await running.outcome(), { code: 0, stdout: "Hi\n", stderr: "" });
  });
}

testWith(NEEDS, "wsd listen --once prints no other message that came with the first", async () => {
  await using running = new Run(["--json", "--once", "listen", "0"]);
  const [, url] = await running.printed(/"type":"listening","url":"(ws:\/\/127\.0\.0\.1:\d+\/)"/);
  const ws = makeClient(url);
  for (const text of ["Hi", "there", "again"]) ws.send(text);
  await ws.startConnection();
  await ws.closed;
  const { code, stdout } = await running.outcome();
  assertEquals([code, stdout.match(/"type":"message"/g)?.length], [0, 1]);
});

const ENDS: readonly (readonly [line: string, code: number, stderr: string])[] = [
  ["close normally", 0, ""],
  ["close without a code", 0, ""],
  ["cut", 4, "The connection was lost\n"],
  ["close evil", 5, "The server closed with 4000: \\x1b[2J\\u{202e} bye\n"],
];

for (const [line, code, stderr] of ENDS) {
  testWith(NEEDS, `wsd URL exits with ${code} if the server does: ${line}`, async () => {
    await using server = talkingServer();
    await using running = new Run([server.url]);
    await running.write(`${line}\n`);
    assertEquals(await running.outcome(), { code, stdout: "", stderr });
  });
}

testWith(NEEDS, "wsd URL exits with 3 if the server refuses, and shows its status and text", async () => {
  await using server = talkingServer();
  const { code, stdout, stderr } = await run([`${server.url}refused`]);
  assertEquals([code, stdout], [3, ""]);
  const said = `The server refused the WebSocket with 401 Unauthorized: "Who are you?" (${server.url}refused)`;
  const [first, second] = SHOWN.split("\\r\\n");
  assertEquals(stderr, `${said}\nWho are you?\n${first}\n${second}\n`);
});

testWith(NEEDS, "wsd URL exits with 2 if the server can't be reached", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  gone.close();
  for (const more of [[], ["--proxy", `http://alice:s3cret@127.0.0.1:${gone.addr.port}`]]) {
    const { code, stdout, stderr } = await run([...more, `ws://127.0.0.1:${gone.addr.port}/`]);
    assertEquals([code, stdout], [2, ""]);
    assertStringIncludes(stderr, "can't be reached");
    assertEquals(stderr.includes("s3cret"), false);
  }
});

const MISUSED: readonly (readonly [args: string[], says: string])[] = [
  [[], "the URL is missing"],
  [["localhost:5000"], "expected one such as ws://localhost:5000/"],
  [["--nope", "ws://h/"], "--nope"],
  [["-H", "Upgrade: h2c", "ws://h/"], "the header upgrade"],
  [["--proxy", "ftp://p", "ws://h/"], "its scheme must be http:"],
];

for (const [args, says] of MISUSED) {
  testWith(NEEDS, `wsd ${args.join(" ")} exits with 1 and says what is wrong`, async () => {
    const { code, stdout, stderr } = await run(args);
    assertEquals([code, stdout], [1, ""]);
    assertStringIncludes(stderr, says);
  });
}

testWith(NEEDS, "wsd --help prints every option", async () => {
  const { code, stdout } = await run(["--help"]);
  assertEquals(code, 0);
  const options = "header protocol origin proxy ca compress ping reconnect binary json once wait help".split(" ");
  for (const option of options) assertStringIncludes(stdout, `--${option}`);
});

testWith(NEEDS, "wsd --binary hex and base64 read and write binary messages, raw takes all as one", async () => {
  await using server = talkingServer();
  assertEquals(await run(["--binary", "hex", server.url], "00 ff10\n"), { code: 0, stdout: "00ff10\n", stderr: "" });
  assertEquals((await run(["--binary", "base64", server.url], "AP8Q\n")).stdout, "AP8Q\n");
  assertEquals((await run([server.url], "say bytes")).stdout, "00ff10\n");
  const wrong = await run(["--binary", "hex", server.url], "xyz\n00\n");
  assertEquals(wrong, { code: 1, stdout: "00\n", stderr: "Cannot send the line: it must be hex\n" });
  const all = "line 1\nline 2\r\n\n".repeat(10_000);
  assertEquals(await run(["--binary", "raw", server.url], all), { code: 0, stdout: all, stderr: "" });
});

testWith(NEEDS, "wsd --json prints every event as a line", async () => {
  await using server = talkingServer();
  const args = ["--json", "--protocol", "chat", "--compress", server.url];
  const { code, stdout } = await run(args, "Hi\nsay bytes\nsay evil\nclose evil\n");
  assertEquals(code, 5);
  assertEquals(/\p{Cc}|\p{Cf}/u.test(stdout.replaceAll("\n", "")), false);
  assertEquals(stdout.trim().split("\n").map((line) => JSON.parse(line)), [
    { type: "open", url: server.url, protocol: "chat", extensions: "permessage-deflate" },
    { type: "message", data: "Hi" },
    { type: "message", data: "00ff10", encoding: "hex" },
    { type: "message", data: EVIL },
    { type: "close", code: 4000, reason: "\x1b[2J\u202e bye" },
  ]);
});

testWith(NEEDS, "wsd sends the given header fields, origin and subprotocols", async () => {
  const asked: Headers[] = [];
  await using server = talkingServer(({ headers }) => asked.push(headers));
  const args = ["-H", "Authorization: Bearer 1:2", "-H", "X-A: b", "--origin", "https://o", "--protocol", "a"];
  await run(["--wait", "0", ...args, "--protocol", "chat", server.url]);
  const names = ["authorization", "x-a", "origin", "sec-websocket-protocol", "sec-websocket-extensions"];
  assertEquals(names.map((name) => asked[0].get(name)), ["Bearer 1:2", "b", "https://o", "a, chat", null]);
});

testWith(NEEDS, "wsd --ca trusts a certificate, and needs --allow-read for it", async () => {
  const { cert, key, ca } = await makeCertificate({ hostnames: ["localhost"] });
  await using server = serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen() {} }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    return ws.accept();
  });
  const url = `wss://localhost:${server.addr.port}/`;
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, ca);
    assertEquals(await run(["--ca", file, url], "Hi", ["--allow-read"]), { code: 0, stdout: "Hi\n", stderr: "" });
    assertStringIncludes((await run(["--ca", file, url], "Hi")).stderr, "--allow-read");
    const untrusted = await run([url], "Hi");
    assertEquals(untrusted.code, 2);
    assertStringIncludes(untrusted.stderr, "caCerts");
  } finally {
    await Deno.remove(file);
  }
});

testWith(NEEDS, "wsd --ping sends Pings, and --json shows their Pongs", async () => {
  await using server = talkingServer();
  await using running = new Run(["--json", "--ping", "20", server.url]);
  await running.printed(/"type":"pong","data":".*","encoding":"hex"/);
});

testWith(NEEDS, "wsd --reconnect connects again, and then sends what was written meanwhile", async () => {
  let count = 0;
  await using server = serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
    const ws = makeServer(request);
    const first = count++ === 0;
    ws.on("message", (message) => message === "go" && first ? void ws.close(1012) : void ws.send(message));
    return ws.accept();
  });
  await using running = new Run(["--json", "--reconnect", `ws://127.0.0.1:${server.addr.port}/`]);
  await running.write("go\n");
  await running.printed(/"type":"waiting","attempt":\d+,"delay":[\d.]+,"error":"closed with 1012"/);
  await running.write("meanwhile\n");
  await running.printed(/"type":"message","data":"meanwhile"/);
  await running.end();
  assertEquals((await running.outcome()).code, 0);
  // 404 is final.
  await using refusing = rawServer(async (peer) => {
    await peer.head();
    await peer.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    await peer.rest();
  });
  assertEquals((await run(["--reconnect", refusing.url])).code, 3);
});

testWith(NEEDS, "wsd listen prints each client's messages, and sends each line to everybody", async () => {
  await using running = new Run(["--json", "listen", "0"]);
  const [, url] = await running.printed(/"type":"listening","url":"(ws:\/\/127\.0\.0\.1:\d+\/)"/);
  const clients = [makeClient(url), makeClient(url)];
  const received = clients.map((ws) => new Promise((resolve) => ws.once("message", resolve)));
  for (const ws of clients) await ws.startConnection();
  await running.printed(/"type":"open".*"from":2/);
  clients[1].send(EVIL);
  const [line] = await running.printed(/\{"type":"message".*\}/);
  assertEquals(JSON.parse(line), { type: "message", data: EVIL, from: 2 });
  await running.write("to all\n");
  assertEquals(await Promise.all(received), ["to all", "to all"]);
  clients[0].close(4001, "enough");
  assertMatch((await running.printed(/\{"type":"close".*\}/))[0], /"code":4001,"reason":"enough","from":1/);
  running.kill("SIGINT");
  assertEquals((await running.outcome()).code, 0);
  assertEquals((await clients[1].closed).code, 1001);
});

testWith(NEEDS, "wsd listen on a port in use exits with 2", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, stderr } = await run(["listen", String(listener.addr.port)]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, "it is in use");
});

testWith(NEEDS, "wsd exits cleanly once nobody reads its output", async () => {
  await using server = talkingServer();
  const command = [...PROGRAM, server.url].map((part) => `'${part}'`).join(" ");
  const script = `yes | ${command} | head -n 2; echo "\${PIPESTATUS[1]}"`;
  const { stdout } = await new Deno.Command("bash", { args: ["-c", script], stdin: "null" }).output();
  assertEquals(new TextDecoder().decode(stdout), "y\ny\n0\n");
});
