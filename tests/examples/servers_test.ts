import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type ClientOptions, connect, HandshakeError, makeClient, makeServer, serve } from "@wsd/driver";
import { makeCertificate } from "../support/certificate.ts";
import { testWith } from "../support/permissions.ts";
import { ExampleProcess } from "./_example_process.ts";

const NEEDS = { net: true, read: true, run: true, write: true } as const;

function testExample(
  name: string,
  does: string,
  fn: (example: ExampleProcess) => Promise<void>,
  flags: string[] = [],
  args: string[] = ["0"],
) {
  testWith(NEEDS, `examples/${name} ${does}`, async () => {
    await using example = await ExampleProcess.start(name, args, flags);
    await fn(example);
  });
}

/** Opens a connection, sends what there is to send, and gives the first message; the connection ends. */
async function talk(url: string, message: string | null, options: ClientOptions = {}): Promise<string | Uint8Array> {
  const ws = makeClient(url, options);
  const answer = new Promise<string | Uint8Array>((resolve) => ws.once("message", resolve));
  const closed = new Promise((resolve) => ws.once("close", resolve));
  await ws.startConnection();
  if (message !== null) ws.send(message);
  const received = await answer;
  ws.closeConnection();
  await closed;
  return received;
}

async function textOf(url: string): Promise<string> {
  return await (await fetch(url)).text();
}

testExample("chat.ts", "serves its page, and passes on what is said to the room alone", async (example) => {
  assertMatch(await textOf(example.url), /<title>Chat<\/title>/);
  // As a browser does, and as the example demands.
  const additionalHeaders = { origin: new URL(example.url).origin };
  const join = async (name: string, room: string, secret: string) => {
    const query = new URLSearchParams({ name, room, secret });
    const ws = await connect(`${example.socketUrl}?${query}`, { additionalHeaders });
    const welcome = JSON.parse(String(await ws.receive()));
    return { ws, id: welcome.id, next: async () => JSON.parse(String(await ws.receive())) };
  };
  const ada = await join("Ada", "lobby", "a");
  assertEquals(await ada.next(), { type: "joined", id: ada.id, name: "Ada" });
  const grace = await join("Grace", "lobby", "g");
  assertEquals(await ada.next(), { type: "joined", id: grace.id, name: "Grace" });
  const other = await join("Linus", "cellar", "l");
  other.ws.sendJson({ type: "say", text: "Anybody?" });
  grace.ws.sendJson({ type: "say", text: "Hi", ref: "1" });
  const { at, ...said } = await ada.next();
  assertEquals(said, { type: "said", id: grace.id, name: "Grace", text: "Hi", ref: "1" });
  assertEquals(typeof at, "number");
  grace.ws.close();
  assertEquals(await ada.next(), { type: "left", id: grace.id, name: "Grace" });
  const again = await join("Grace", "lobby", "g");
  assertEquals(again.id, grace.id);
  for (const { ws } of [ada, again, other]) ws.terminate();
});

testExample(
  "rpc.ts",
  "answers calls, passes on errors, and stops what is canceled",
  async ({ socketUrl }) => {
    const call = async (...args: string[]) => {
      await using example = await ExampleProcess.spawn("rpc.ts", ["call", socketUrl, ...args]);
      const code = await example.end();
      return { code, example };
    };
    for (const [args, printed] of [[["add", "[1, 2, 3]"], /^6$/m], [["upper", '"hi"'], /^HI$/m]] as const) {
      const { code, example } = await call(...args);
      await example.until(printed);
      assertEquals(code, 0);
    }
    const { code, example } = await call("divide", "1");
    await example.until(/No such procedure: divide/);
    assertEquals(code, 1);
    await using ws = await connect(socketUrl);
    ws.sendJson({ id: 1, method: "sleep", params: 60_000 });
    ws.sendJson({ id: 1, cancel: true });
    assertEquals(JSON.parse(String(await ws.receive())), { id: 1, error: "Canceled" });
  },
  [],
  ["serve", "0"],
);

testWith(NEEDS, "examples/gateway.ts passes on messages, subprotocols, refusals and close codes", async () => {
  await using server = serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    if (new URL(request.url).pathname === "/private") return new Response("Who are you?", { status: 401 });
    const ws = makeServer(request, { acceptProtocols: ["chat"] });
    ws.on("message", (message) => message === "bye" ? ws.close(4001, "Done") : ws.send(message));
    return ws.accept();
  });
  const target = `ws://127.0.0.1:${server.addr.port}/`;
  await using gateway = await ExampleProcess.start("gateway.ts", [target, "0"]);
  await using ws = await connect(gateway.socketUrl, { acceptProtocols: ["other", "chat"] });
  assertEquals(ws.protocol, "chat");
  for (const message of ["Hi", new Uint8Array(1_000_000).fill(7)]) {
    ws.send(message);
    assertEquals(await ws.receive(), message);
  }
  ws.send("bye");
  assertEquals(await ws.closed, { code: 4001, reason: "Done" });
  const refused = await assertRejects(() => connect(`${gateway.socketUrl}private`), HandshakeError);
  assertEquals([refused.status, new TextDecoder().decode(refused.body)], [401, "Who are you?"]);
  await server.shutdown();
  const unreached = await assertRejects(() => connect(gateway.socketUrl), HandshakeError);
  assertEquals(unreached.status, 502);
});

testWith(NEEDS, "examples/uploads.ts resumes an upload that was cut off", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const file = new Uint8Array(3_000_000).map((_, index) => index * 31 >> 3);
    await Deno.writeFile(`${folder}/data.bin`, file);
    await Deno.mkdir(`${folder}/saved`);
    const flags = ["--allow-read", "--allow-write"];
    await using server = await ExampleProcess.start("uploads.ts", ["serve", `${folder}/saved`, "0"], flags);
    // The first attempt ends after one chunk.
    await using ws = await connect(server.socketUrl);
    ws.sendJson({ name: "data.bin", size: file.length });
    assertEquals(JSON.parse(String(await ws.receive())), { offset: 0 });
    ws.send(file.subarray(0, 100_000));
    assertEquals(JSON.parse(String(await ws.receive())), { offset: 100_000 });
    ws.terminate();
    await server.until(/Interrupted:/);
    await using sending = await ExampleProcess.spawn(
      "uploads.ts",
      ["send", `${folder}/data.bin`, server.socketUrl],
      flags,
    );
    await sending.until(/The server has 100000 bytes already[^]*100 %\nSaved as data.bin/);
    assertEquals(await sending.end(), 0);
    assertEquals(await Deno.readFile(`${folder}/saved/data.bin`), file);
    await using wrong = await connect(server.socketUrl);
    wrong.sendJson({ name: "../escape", size: 1 });
    assertEquals((await wrong.closed).code, 4000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testExample(
  "ticker.ts",
  "sends prices to many, and measures how long they take",
  async (example) => {
    assertMatch(await textOf(example.url), /<title>Ticker<\/title>/);
    await using watching = await ExampleProcess.spawn("ticker.ts", ["watch", example.socketUrl, "50"]);
    await watching.until(/[1-9]\d+ prices; ms: half within \d/);
    await example.until(/50 subscribers, 0 prices replaced/);
  },
  [],
  ["serve", "0"],
);

testExample("deno_serve.ts", "serves a website and WebSockets on one port", async ({ url, socketUrl }) => {
  assertEquals(await textOf(url), "Hello from the website\n");
  assertEquals(await talk(socketUrl, "Hi"), "You said: Hi");
});

testExample("node_http.ts", "serves a website and WebSockets on one port", async ({ url, socketUrl }) => {
  assertEquals(await textOf(url), "Hello from the website\n");
  assertEquals(await talk(socketUrl, "Hi"), "You said: Hi");
});

testExample("hono.ts", "serves a website and WebSockets on one port", async ({ url, socketUrl }) => {
  assertEquals(await textOf(url), "Hello from the website\n");
  assertEquals(await talk(`${socketUrl}rooms/blue`, "Hi"), "You said in blue: Hi");
});

testExample("authentication.ts", "lets in a cookie and a token, and nobody else", async ({ url, socketUrl }) => {
  const response = await fetch(url);
  await response.body?.cancel();
  const [cookie] = response.headers.get("set-cookie")!.split(";");
  const origin = new URL(url).origin;
  assertEquals(await talk(socketUrl, null, { additionalHeaders: { cookie, origin } }), "Hello, Ada");
  const authorization = "Bearer tr0ub4dor";
  assertEquals(
    await talk(socketUrl, null, { additionalHeaders: { authorization } }),
    "Hello, The weather station",
  );
  const wrong: Record<string, string>[] = [{}, { cookie: "session=0000" }, { authorization: "Bearer guess" }];
  for (const additionalHeaders of wrong) {
    const error = await assertRejects(() => talk(socketUrl, null, { additionalHeaders }), HandshakeError);
    assertEquals([error.status, new TextDecoder().decode(error.body)], [401, "Who are you?\n"]);
  }
  const strange = { cookie, origin: "https://elsewhere.example" };
  const error = await assertRejects(() => talk(socketUrl, null, { additionalHeaders: strange }), HandshakeError);
  assertEquals(error.status, 403);
});

testWith(NEEDS, "examples/tls.ts prints its usage if no certificate is given, and exits with 2", async () => {
  await using example = await ExampleProcess.spawn("tls.ts", []);
  await example.until(/^Usage: /m);
  assertEquals(await example.end(), 2);
});

testWith(NEEDS, "examples/tls.ts serves wss:, and its client trusts the certificate", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const certificate = await makeCertificate({ hostnames: ["localhost"] });
    const path = (name: string) => `${folder}/${name}.pem`;
    for (const name of ["cert", "key", "ca"] as const) await Deno.writeTextFile(path(name), certificate[name]);
    const read = ["--allow-read"];
    await using server = await ExampleProcess.start("tls.ts", [path("cert"), path("key"), "0"], read);
    const url = server.url.replace("http:", "wss:");
    await using client = await ExampleProcess.spawn("tls.ts", ["--client", url, path("ca")], read);
    await client.until(/Got: Hi/);
    assertEquals(await client.end(), 0);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testExample("health_check.ts", "tells how it is, and its clients when it ends", async (example) => {
  const ws = makeClient(example.socketUrl);
  const end = new Promise((resolve) => ws.once("close", ({ code }) => resolve(code)));
  await ws.startConnection();
  assertEquals(JSON.parse(await textOf(`${example.url}health`)), { healthy: true, connections: 1 });
  example.kill("SIGTERM");
  assertEquals(await end, 1001);
  await example.until(/All connections are closed/);
  assertEquals(await example.end(), 0);
});

testWith(NEEDS, "examples/own_transport.ts carries the protocol over a MessageChannel", async () => {
  await using example = await ExampleProcess.spawn("own_transport.ts", []);
  await example.until(/client: You said: Hi[^]*server: received a Close, 1000 That was all\nclient: received a Close/);
  assertEquals(await example.end(), 0);
});

testWith(NEEDS, "examples/files.ts sends a file up and down again, with a progress bar", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000));
    const file = new Uint8Array(bytes.length * 50).map((_, i) => bytes[i % bytes.length]);
    await Deno.writeFile(`${folder}/there`, file);
    await Deno.mkdir(`${folder}/served`);
    const flags = ["--allow-read", "--allow-write"];
    await using server = await ExampleProcess.start("files.ts", ["serve", `${folder}/served`, "0"], flags);
    const url = `${server.socketUrl}a.bin`;
    await using up = await ExampleProcess.spawn("files.ts", ["up", url, `${folder}/there`], flags);
    await up.until(/█{30} 100 %\nThe server has saved it/);
    await using down = await ExampleProcess.spawn("files.ts", ["down", url, `${folder}/back`], flags);
    await down.until(/█{30} 100 %\n/);
    assertEquals([await up.end(), await down.end()], [0, 0]);
    const back = await Deno.readFile(`${folder}/back`);
    assert(back.length === file.length && back.every((byte, i) => byte === file[i]));
    await using none = await ExampleProcess.spawn("files.ts", ["down", `${url}.none`, `${folder}/none`], flags);
    await none.until(/The server has refused: NotFound/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(NEEDS, "every example has a test", async () => {
  const files = ["servers_test.ts", "examples_test.ts", "cluster_test.ts"].map((name) =>
    new URL(name, import.meta.url)
  );
  const source = (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("");
  for await (const { name } of Deno.readDir(new URL("../../examples/", import.meta.url))) {
    if (!name.endsWith(".ts")) continue;
    assert(source.includes(`"${name}"`) || source.includes(`examples/${name} `), `No test runs examples/${name}`);
  }
});
