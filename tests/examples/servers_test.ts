import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { type ClientOptions, HandshakeError, makeClient } from "@wsd/driver";
import { makeCertificate } from "../support/certificate.ts";
import { testWith } from "../support/permissions.ts";
import { ExampleProcess } from "./_example_process.ts";

const NEEDS = { net: true, read: true, run: true, write: true } as const;

function testExample(name: string, does: string, fn: (example: ExampleProcess) => Promise<void>, flags?: string[]) {
  testWith(NEEDS, `examples/${name} ${does}`, async () => {
    await using example = await ExampleProcess.start(name, ["0"], flags);
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

testExample("chat.ts", "serves its page, and tells everybody what one has said", async (example) => {
  assertMatch(await textOf(example.url), /<title>Chat<\/title>/);
  const heard: Record<string, unknown>[] = [];
  // As a browser does, and as the example demands.
  const options = { additionalHeaders: { origin: new URL(example.url).origin } };
  const ada = makeClient(`${example.socketUrl}?name=Ada`, options);
  const done = new Promise<void>((resolve) => {
    ada.on("message", (text) => {
      if (heard.push(JSON.parse(String(text))) === 4) resolve();
    });
  });
  await ada.startConnection();
  await talk(`${example.socketUrl}?name=Grace`, "Hi", options);
  ada.send("Hello");
  await done;
  const closed = new Promise((resolve) => ada.once("close", resolve));
  ada.closeConnection();
  await closed;
  assertEquals(heard.find(({ type }) => type === "joined"), { type: "joined", name: "Ada", guests: ["Ada"] });
  assertEquals(heard.find(({ type, name }) => type === "joined" && name === "Grace")?.guests, ["Ada", "Grace"]);
});

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

testWith(NEEDS, "examples/tls.ts tells how it is used where no certificate is given, and exits 2", async () => {
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
  await example.until(/All clients were told/);
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

testWith(NEEDS, "every example is named in a test", async () => {
  const files = ["servers_test.ts", "examples_test.ts"].map((name) => new URL(name, import.meta.url));
  const source = (await Promise.all(files.map((file) => Deno.readTextFile(file)))).join("");
  for await (const { name } of Deno.readDir(new URL("../../examples/", import.meta.url))) {
    assert(source.includes(`"${name}"`) || source.includes(`examples/${name} `), `No test runs examples/${name}`);
  }
});
