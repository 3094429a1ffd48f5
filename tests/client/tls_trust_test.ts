// TLS by the system's certificates, and what a handshake leaves behind that is given up.
import { assertEquals, assertRejects } from "@std/assert";
import { type ClientOptions, makeClient } from "../../client.ts";
import { makeServer, serve } from "../../server.ts";
import { makeAuthority, makeCertificate } from "../support/certificate.ts";
import { testWith } from "../support/permissions.ts";
import { rawServer } from "../support/raw_server.ts";

const DESCRIPTORS = "/proc/self/fd";
const HAS_DESCRIPTORS = Deno.build.os === "linux";

/** How many sockets this process holds. */
function sockets(): number {
  return [...Deno.readDirSync(DESCRIPTORS)].filter(({ name }) => {
    try {
      return Deno.readLinkSync(`${DESCRIPTORS}/${name}`).startsWith("socket:");
    } catch {
      return false;
    }
  }).length;
}

const ATTEMPTS = 5;

/** How many sockets remain of attempts that a silent server makes time out, the server's own left out. */
async function leftBehind(options: (port: number) => ClientOptions): Promise<number> {
  await using server = rawServer(async (peer) => void await peer.rest());
  const before = sockets();
  for (let i = 0; i < ATTEMPTS; i++) {
    const ws = makeClient(server.url.replace("ws:", "wss:"), { handshakeTimeout: 20, ...options(server.port) });
    await assertRejects(() => ws.startConnection());
  }
  // The system closes a socket a few turns after it was told to.
  for (let i = 0; i < 50; i++) await new Promise((resolve) => setTimeout(resolve));
  // The server's end of each is there as long as the server is.
  return sockets() - before - server.peers.length;
}

testWith({ net: true, read: true }, "a wss: attempt that times out leaves no socket behind", async () => {
  assertEquals(await leftBehind(() => ({})), 0);
  const { cert, key } = await makeCertificate({ hostnames: [] });
  assertEquals(await leftBehind(() => ({ cert, key })), 0);
  assertEquals(await leftBehind((port) => ({ proxy: `https://127.0.0.1:${port}` })), 0);
}, { ignore: !HAS_DESCRIPTORS });

// Deno 2.9.6 keeps them until the server ends the connection. Once it doesn't, this test fails: then startTls() needs no
// more node:tls, and the warning at caCerts can go.
testWith({ net: true, read: true }, "a wss: attempt with caCerts that times out leaves a socket behind", async () => {
  const { cert } = await makeAuthority();
  assertEquals(await leftBehind(() => ({ caCerts: [cert] })), ATTEMPTS);
}, { ignore: !HAS_DESCRIPTORS });

testWith(
  { net: true, read: true, write: true, run: true },
  "wss: by the system's certificates carries messages, codes, backpressure and faults",
  async () => {
    const authority = await makeAuthority();
    const { cert, key, ca } = { ...await makeCertificate({ hostnames: ["localhost"], authority }), ca: authority.cert };
    await using echo = serve({ hostname: "127.0.0.1", port: 0, cert, key, onListen() {} }, (request) => {
      const ws = makeServer(request, { perMessageDeflate: true, backpressureLimit: 2 ** 30 });
      ws.on("message", (message) => {
        const [, length] = /^send (\d+)$/.exec(String(message)) ?? [];
        if (length === undefined) ws.send(message);
        const chunk = new Uint8Array(1024 * 1024);
        for (let sent = 0; sent < Number(length ?? 0); sent += chunk.length) ws.send(chunk);
      });
      ws.startConnection();
      return ws.response;
    });
    await using cut = rawServer(async (peer) => {
      await peer.accept();
      peer.leave();
    }, { cert, key, ca });
    const file = await Deno.makeTempFile({ suffix: ".pem" });
    try {
      await Deno.writeTextFile(file, ca);
      const program = new URL("_tls_program.ts", import.meta.url).pathname;
      const config = new URL("../../deno.json", import.meta.url).pathname;
      const urls = [(echo.addr as Deno.NetAddr).port, cut.port].map((port) => `wss://localhost:${port}/`);
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-prompt", "--allow-net", "--no-check", "--config", config, program, ...urls],
        env: { DENO_CERT: file, NO_COLOR: "1" },
      }).output();
      const lines = new TextDecoder().decode(stdout).trim().split("\n");
      const wanted = ["true 4000", "true 4000", "false 1006 WS_CONNECTION_LOST", "bounded"];
      assertEquals(lines, wanted, new TextDecoder().decode(stderr));
    } finally {
      await Deno.remove(file);
    }
  },
);
