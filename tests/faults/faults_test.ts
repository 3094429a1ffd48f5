// Networks that delay, split, stall, cut and reset, between our client and our server, with and without TLS.
import { assert, assertEquals, assertLess } from "@std/assert";
import { type Client, makeClient, makeServer, serve, type ServeOptions, type WebSocketListener } from "@wsd/driver";
import { makeCertificate } from "../support/certificate.ts";
import { EventLog } from "../support/event_log.ts";
import { pattern } from "../support/frames.ts";
import { memoryInUse } from "../support/memory.ts";
import { netTest } from "../support/permissions.ts";
import { type Fault, FaultyProxy } from "./_proxy.ts";

const HOSTNAME = "127.0.0.1";

/** How a connection ends that is lost. */
const LOST = ["error WS_CONNECTION_LOST 1006", "close 1006"];

/** An echo server, a proxy in front of it, and a client that nothing happens to. */
interface Scene {
  readonly server: WebSocketListener;
  /** Makes a client behind the proxy. */
  connect(options?: { pingInterval?: number; pingTimeout?: number; closeTimeout?: number }): Client;
  /** Makes sure that others go on as if nothing had been. */
  checkOthers(): Promise<void>;
}

async function play(secure: boolean, fault: () => Fault, act: (scene: Scene) => Promise<void>): Promise<void> {
  const faults: unknown[] = [];
  const certificate = secure ? await makeCertificate({ hostnames: [HOSTNAME] }) : null;
  const options: ServeOptions = {
    hostname: HOSTNAME,
    port: 0,
    onListen() {},
    onError: (thrown) => (faults.push(thrown), new Response("Fault\n", { status: 500 })),
    ...(certificate === null ? {} : { cert: certificate.cert, key: certificate.key }),
  };
  await using server = serve(options, (request) => {
    const ws = makeServer(request, { pingInterval: 0, closeTimeout: 100 });
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    return ws.response;
  });
  const { port } = server.addr as Deno.NetAddr;
  await using proxy = new FaultyProxy(port, fault);
  const caCerts = certificate === null ? [] : [certificate.ca];
  const url = (port: number) => `${secure ? "wss" : "ws"}://${HOSTNAME}:${port}/`;
  const other = makeClient(url(port), { caCerts });
  const otherLog = new EventLog(other);
  await other.startConnection();
  let asked = 0;
  await act({
    server,
    connect: (options) => makeClient(url(proxy.port), { caCerts, ...options }),
    async checkOthers() {
      other.send(`still here ${++asked}`);
      await otherLog.seen(`text still here ${asked}`);
    },
  });
  other.closeConnection();
  await otherLog.closed;
  assertEquals(otherLog.errors, []);
  assertEquals(faults, []);
}

/** Waits until only the other connection is left. */
async function untilAlone(server: WebSocketListener): Promise<void> {
  while (server.connections.size > 1) await new Promise((resolve) => setTimeout(resolve));
}

for (const secure of [false, true]) {
  const where = secure ? "with TLS" : "without TLS";
  const size = 20_000;
  // A 101 and a TLS handshake stand in front of the frames.
  const head = secure ? 3000 : 300;

  for (
    const [what, fault] of [
      ["passed on byte by byte", { pieces: 1 }],
      ["split into pieces of three bytes", { pieces: 3 }],
      ["delayed and split", { pieces: 700, delays: true }],
    ] as const
  ) {
    netTest(`messages arrive whole and in order if they are ${what}, ${where}`, async () => {
      await play(secure, () => fault, async ({ connect, server, checkOthers }) => {
        const ws = connect();
        const log = new EventLog(ws);
        await ws.startConnection();
        const messages = ["", "a", "é€😀".repeat(100), pattern(size), pattern(1)];
        for (const message of messages) ws.send(message);
        assertEquals(await log.received(messages.length), messages);
        ws.closeConnection();
        assertEquals(await log.closed, { code: 1000, reason: "" });
        await checkOthers();
        await untilAlone(server);
      });
    });
  }

  for (
    const [what, fault] of [
      ["cut in mid-frame", { cutAfter: head + 500 }],
      ["half-closed in mid-frame", { cutAfter: head + 500, half: true }],
    ] as const
  ) {
    // Row: lost
    netTest(`both sides report 1006 once if the connection is ${what}, ${where}`, async () => {
      await play(secure, () => fault, async ({ connect, server, checkOthers }) => {
        const ends: number[] = [];
        const ws = connect({ closeTimeout: 100 });
        const log = new EventLog(ws);
        await ws.startConnection();
        for (const each of server.connections) each.on("close", ({ code }) => ends.push(code));
        ws.send(pattern(size));
        assertEquals((await log.closed).code, 1006);
        assertEquals(log.messages, []);
        assertEquals(log.events.filter((event) => /^(error|close)/.test(event)), LOST);
        await checkOthers();
        await untilAlone(server);
        assertEquals(ends, [1006]);
      });
    });
  }

  // Row: lost
  netTest(
    `a client reports CONNECTION_LOST and 1006 once if the connection is reset mid-frame, ${where}`,
    async () => {
      await play(
        secure,
        () => ({ cutAfter: head + 500, deafAfter: 5000 }),
        async ({ connect, server, checkOthers }) => {
          const ws = connect();
          const log = new EventLog(ws);
          await ws.startConnection();
          // The answer to the first is cut; the proxy has not read all of the second by then.
          ws.send(pattern(3500));
          ws.send(pattern(1_000_000));
          assertEquals((await log.closed).code, 1006);
          assertEquals(log.events.filter((event) => !["open", "drain"].includes(event)), LOST);
          await checkOthers();
          await untilAlone(server);
        },
      );
    },
  );

  netTest(`a client fails with a HandshakeError wherever its handshake is cut, ${where}`, async () => {
    let cutAfter = 0;
    await play(secure, () => ({ cutAfter }), async ({ connect, server, checkOthers }) => {
      for (const after of [1, 5, 20, 60, 100]) {
        cutAfter = after;
        const ws = connect();
        const log = new EventLog(ws);
        const error = await ws.startConnection().catch((error) => error);
        assertEquals(error.name, "HandshakeError");
        assertEquals((await log.closed).code, 1006);
      }
      await checkOthers();
      await untilAlone(server);
    });
  });

  // Row: silent-peer
  netTest(`a stalled connection is ended by its heartbeat, ${where}`, async () => {
    await play(secure, () => ({ stallAfter: head + 500 }), async ({ connect, server, checkOthers }) => {
      const ws = connect({ pingInterval: 16, pingTimeout: 100 });
      const log = new EventLog(ws);
      await ws.startConnection();
      ws.send(pattern(size));
      assertEquals((await log.closed).code, 1006);
      assertEquals(log.events.filter((event) => event.startsWith("error")), ["error WS_HEARTBEAT_TIMEOUT 1006"]);
      await checkOthers();
      for (const each of server.connections) if (each.bufferedAmount > 0) each.terminate();
    });
  });

  // Row: no-close
  netTest(`a Close that is never answered ends at closeTimeout, ${where}`, async () => {
    await play(secure, () => ({ stallAfter: head + 500 }), async ({ connect, checkOthers }) => {
      const ws = connect({ closeTimeout: 50 });
      const log = new EventLog(ws);
      await ws.startConnection();
      ws.send(pattern(size));
      ws.closeConnection();
      assertEquals((await log.closed).code, 1006);
      assertEquals(log.events.filter((event) => event.startsWith("error")), ["error WS_CLOSE_TIMEOUT 1006"]);
      await checkOthers();
    });
  });

  netTest(`a thousand connections that are opened and dropped leave nothing behind, ${where}`, async () => {
    const count = secure ? 300 : 1000;
    let turn = 0;
    // Every third one lives, the others are cut somewhere.
    const fault = (): Fault => ++turn % 3 === 0 ? {} : { cutAfter: turn % 7 * 100 + 1 };
    await play(secure, fault, async ({ connect, server, checkOthers }) => {
      const visit = async () => {
        const ws = connect();
        const log = new EventLog(ws);
        if (await ws.startConnection().catch(() => false)) {
          ws.send("x".repeat(1000));
          if (log.messages.length === 0) ws.terminate();
        }
        await log.closed;
      };
      const visits = async (count: number) => {
        for (let done = 0; done < count; done += 25) await Promise.all(Array.from({ length: 25 }, visit));
        await untilAlone(server);
      };
      await visits(count / 4);
      const [bytes, files] = [memoryInUse(), openFiles()];
      await visits(count);
      assertLess(memoryInUse() - bytes, 8 * 1024 * 1024);
      // Ends of the last ones may still be on their way through the proxy.
      while (openFiles() > files + 10) await new Promise((resolve) => setTimeout(resolve));
      assert(server.connections.size === 1);
      await checkOthers();
    });
  });
}

/** The process's descriptors; 0 if the system doesn't say, or if reading that is not allowed. */
function openFiles(): number {
  try {
    return [...Deno.readDirSync("/proc/self/fd")].length;
  } catch {
    return 0;
  }
}
