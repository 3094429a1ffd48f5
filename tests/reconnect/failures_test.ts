// What a server, or the network, can do to a client that stays connected: how often it tries, how long it waits, how it
// ends. The chance is always one half, so that a wait from 0 to 1,000 ms is one of 500.
import { assertEquals, assertRejects } from "@std/assert";
import { HandshakeError, makeServer, type ReconnectingClientOptions, serve, WebSocketError } from "../../mod.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { makeCertificate } from "../support/certificate.ts";
import { impatientClient } from "./_client_log.ts";
import { TestEnvironment } from "./_environment.ts";
import { cut, open, openAndClose, openAndCut, refuse, scriptedServer, silent, type Step } from "./_script.ts";

/** Plays a script, and gives what the client has told by the time that it is up for good, or gave up. */
async function play(
  steps: Step[],
  [until, times]: [event: string, times: number],
  options: ReconnectingClientOptions = {},
): Promise<string[]> {
  await using server = scriptedServer(...steps);
  const { ws, log } = impatientClient(server.url, { handshakeTimeout: LONG, ...options });
  ws.startConnection().catch(() => {});
  await log.until(until, times);
  const events = [...log.events];
  await ws[Symbol.asyncDispose]();
  return events;
}

/** A failure that passes: what happens to the first attempt, how it is reported, and the wait. */
const PASSING: [what: string, step: Step, failure: string, delay: number, options?: ReconnectingClientOptions][] = [
  ["a server that never answers", silent, "WS_HANDSHAKE_TIMEOUT", 500, { handshakeTimeout: 50 }],
  ["a connection that is cut before the answer", cut(), "WS_CONNECTION_LOST", 500],
  ["a connection that is cut within the answer", cut("HTTP/1.1 101 Swi"), "WS_CONNECTION_LOST", 500],
  ["503", refuse(503), "503", 17_500],
  ["503 with Retry-After in seconds", refuse(503, "Retry-After: 7"), "503", 7_500],
  [
    "503 with Retry-After as a date",
    refuse(503, "Date: Thu, 01 Jan 2026 00:00:00 GMT", "Retry-After: Thu, 01 Jan 2026 00:01:00 GMT"),
    "503",
    60_500,
  ],
  ["503 with a Retry-After of a day", refuse(503, "Retry-After: 86400"), "503", 300_500],
  ["503 with a Retry-After that can't be read", refuse(503, "Retry-After: soon"), "503", 17_500],
  ["429", refuse(429), "429", 17_500],
  ["429 with Retry-After", refuse(429, "Retry-After: 1"), "429", 1_500],
  ["408", refuse(408), "408", 500],
  ["425", refuse(425), "425", 500],
  ["500", refuse(500), "500", 500],
  ["502 with Retry-After", refuse(502, "Retry-After: 2"), "502", 2_500],
];

for (const [what, step, failure, delay, options] of PASSING) {
  netTest(`makeReconnectingClient() connects again after ${what}`, async () => {
    const events = await play([step, open], ["up", 1], options);
    assertEquals(events, [`waiting 1 ${delay} ${failure}`, "up"]);
  });
}

/** RFC 6455 §7.4.1, and IANA's registry: codes that say nothing against another connection. */
for (const [code, delay] of [[1001, 500], [1005, 500], [1006, 500], [1011, 500], [1014, 500]] as const) {
  netTest(`makeReconnectingClient() connects again after a close with ${code}`, async () => {
    const step = code === 1006 ? openAndCut : openAndClose(code === 1005 ? null : code);
    const events = await play([step, open], ["up", 2]);
    assertEquals(events, ["up", `down ${code}`, `waiting 1 ${delay} ${code}`, "up"]);
  });
}

// IANA's registry on 1012: "should reconnect using a randomized delay of 5 - 30s".
for (const code of [1012, 1013]) {
  netTest(`makeReconnectingClient() waits longer after a close with ${code}`, async () => {
    const events = await play([openAndClose(code), open], ["up", 2]);
    assertEquals(events, ["up", `down ${code}`, `waiting 1 17500 ${code}`, "up"]);
  });
}

for (const code of [1000, 1002, 1003, 1007, 1008, 1009, 1010, 3000, 4000, 4999]) {
  netTest(`makeReconnectingClient() gives up after a close with ${code}`, async () => {
    const events = await play([openAndClose(code)], ["close", 1]);
    assertEquals(events, ["up", `down ${code}`, `gaveUp ${code}`, `close ${code}`]);
  });
}

const FINAL: [what: string, step: Step, failure: string][] = [
  ["402", refuse(402), "402"],
  ["400", refuse(400), "400"],
  ["401 for a URL that stays the same", refuse(401), "401"],
  ["403 for a URL that stays the same", refuse(403), "403"],
  ["404", refuse(404), "404"],
  ["407", refuse(407), "407"],
  ["426", refuse(426), "426"],
  ["a redirect that it doesn't follow", refuse(302, "Location: /there"), "302"],
  ["200", refuse(200), "200"],
  ["an answer in another protocol than HTTP", cut("SSH-2.0-OpenSSH_9.9\r\n\r\n"), "opening WS_HANDSHAKE_FAILED"],
  ["a 101 that breaks a rule", refuse(101, "Upgrade: websocket"), "101"],
];

for (const [what, step, failure] of FINAL) {
  netTest(`makeReconnectingClient() gives up after ${what}`, async () => {
    assertEquals(await play([step], ["close", 1]), [`gaveUp ${failure}`, "close 1006"]);
  });
}

netTest("makeReconnectingClient() waits longer with each failure in a row, up to maxDelay", async () => {
  const events = await play([cut(), cut(), openAndCut, cut(), cut(), cut(), open], ["up", 2]);
  assertEquals(events.filter((event) => event.startsWith("waiting")), [
    "waiting 1 500 WS_CONNECTION_LOST",
    "waiting 2 1000 WS_CONNECTION_LOST",
    "waiting 3 2000 1006",
    "waiting 4 4000 WS_CONNECTION_LOST",
    "waiting 5 8000 WS_CONNECTION_LOST",
    "waiting 6 15000 WS_CONNECTION_LOST",
  ]);
});

netTest("makeReconnectingClient() counts again from 1 after a connection that was stable", async () => {
  const environment = new TestEnvironment();
  let cutNow!: () => void;
  const stable: Step = async (peer) => {
    await peer.accept();
    await new Promise<void>((resolve) => cutNow = resolve);
    peer.leave();
  };
  await using server = scriptedServer(cut(), cut(), stable, stable, open);
  const { ws, log } = impatientClient(server.url, { handshakeTimeout: LONG }, environment);
  ws.startConnection();
  await log.until("up");
  environment.pass(9_999);
  cutNow();
  await log.until("up", 2);
  environment.pass(10_000);
  cutNow();
  await log.until("up", 3);
  assertEquals(log.events.filter((event) => event.startsWith("waiting")), [
    "waiting 1 500 WS_CONNECTION_LOST",
    "waiting 2 1000 WS_CONNECTION_LOST",
    "waiting 3 2000 1006",
    "waiting 1 500 1006",
  ]);
  await ws[Symbol.asyncDispose]();
});

netTest("makeReconnectingClient() connects again after a refused connection", async () => {
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr;
  gone.close();
  const { ws, log } = impatientClient(`ws://127.0.0.1:${port}/`);
  ws.startConnection().catch(() => {});
  await log.until("waiting", 3);
  await ws[Symbol.asyncDispose]();
  assertEquals(log.events.slice(0, 3), [
    "waiting 1 500 WS_CONNECT_FAILED",
    "waiting 2 1000 WS_CONNECT_FAILED",
    "waiting 3 2000 WS_CONNECT_FAILED",
  ]);
});

netTest("makeReconnectingClient() connects again after a name that can't be resolved", async () => {
  const { ws, log } = impatientClient("ws://no-such-host.invalid/");
  ws.startConnection().catch(() => {});
  await log.until("waiting", 2);
  await ws[Symbol.asyncDispose]();
  assertEquals(log.events.slice(0, 2), ["waiting 1 500 WS_CONNECT_FAILED", "waiting 2 1000 WS_CONNECT_FAILED"]);
});

netTest("makeReconnectingClient() gives up if TLS is refused", async () => {
  const certificate = await makeCertificate({ hostnames: ["127.0.0.1"] });
  using listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...certificate });
  const accepting = listener.accept().then(async (conn) => {
    await conn.handshake().catch(() => {});
    conn.close();
  });
  const { ws, log } = impatientClient(`wss://127.0.0.1:${listener.addr.port}/`);
  // The certificate's issuer isn't trusted.
  await assertRejects(() => ws.startConnection(), HandshakeError, "TLS failed");
  await accepting;
  assertEquals(log.events, ["gaveUp WS_TLS_FAILED", "close 1006"]);
});

netTest("makeReconnectingClient() connects again if TLS was cut off in its handshake", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accepting = (async () => {
    for (let count = 0; count < 2; count++) {
      const conn = await listener.accept();
      // Half of a TLS record is never answered; unread bytes turn the end into a reset.
      if (count === 0) await conn.read(new Uint8Array(1024));
      conn.close();
    }
  })();
  const { ws, log } = impatientClient(`wss://127.0.0.1:${listener.addr.port}/`);
  ws.startConnection().catch(() => {});
  await log.until("waiting", 2);
  await ws[Symbol.asyncDispose]();
  await accepting;
  assertEquals(log.events.slice(0, 2), ["waiting 1 500 WS_TLS_FAILED", "waiting 2 1000 WS_TLS_FAILED"]);
});

netTest("makeReconnectingClient() tries new credentials once if a function returns the URL", async () => {
  await using server = scriptedServer(refuse(401), open);
  const tokens: number[] = [];
  const { ws, log } = impatientClient(({ attempt }) => {
    tokens.push(attempt);
    return { url: server.url, additionalHeaders: { authorization: `Bearer ${attempt}` } };
  });
  await ws.startConnection();
  assertEquals(log.events, ["waiting 1 500 401", "up"]);
  assertEquals(tokens, [0, 1]);
  await ws[Symbol.asyncDispose]();
});

netTest("makeReconnectingClient() gives up if the new credentials are refused, too", async () => {
  await using server = scriptedServer(refuse(401), refuse(403), open);
  const { ws, log } = impatientClient(() => server.url);
  await assertRejects(() => ws.startConnection(), HandshakeError, "403");
  assertEquals(log.events, ["waiting 1 500 401", "gaveUp 403", "close 1006"]);
});

netTest("makeReconnectingClient() calls the URL function again if it throws", async () => {
  await using server = scriptedServer(open);
  let count = 0;
  const { ws, log } = impatientClient(async () => {
    await Promise.resolve();
    if (++count < 3) throw new TypeError("error sending request");
    return new URL(server.url);
  });
  await ws.startConnection();
  assertEquals(log.events, ["waiting 1 500 url TypeError", "waiting 2 1000 url TypeError", "up"]);
  await ws[Symbol.asyncDispose]();
});

netTest("makeReconnectingClient() waits for the URL function no longer than for a handshake", async () => {
  const environment = new TestEnvironment();
  const signals: AbortSignal[] = [];
  const { ws, log } = impatientClient(
    ({ signal }) => {
      signals.push(signal);
      return new Promise<string>(() => {});
    },
    { handshakeTimeout: 1_000 },
    environment,
  );
  ws.startConnection().catch(() => {});
  environment.pass(1_000);
  await log.until("waiting");
  assertEquals(signals[0].aborted, true);
  assertEquals(log.events, ["waiting 1 500 url Error"].map((line) => line.replace("Error", "WS_HANDSHAKE_FAILED")));
  await ws[Symbol.asyncDispose]();
  assertEquals(environment.timers, 0);
});

Deno.test("makeReconnectingClient() gives up if the function returns a URL of another scheme", async () => {
  const { ws, log } = impatientClient(() => "ftp://localhost/");
  await assertRejects(() => ws.startConnection(), TypeError, "ftp:");
  assertEquals(log.events, ["gaveUp opening TypeError", "close 1006"]);
});

netTest("isFinal overrides the rules, and receives their decision", async () => {
  await using server = scriptedServer(refuse(404), openAndClose(4001), openAndClose(1011), open);
  const asked: unknown[] = [];
  const { ws, log } = impatientClient(server.url, {
    handshakeTimeout: LONG,
    isFinal({ code, status, final }) {
      asked.push([code, status, final]);
      return code === 1011;
    },
  });
  await ws.startConnection();
  await log.until("close");
  assertEquals(asked, [[null, 404, true], [4001, null, true], [1011, null, false]]);
  assertEquals(log.events.at(-2), "gaveUp 1011");
});

netTest("startConnection() rejects with the close code if it was final before onConnect was done", async () => {
  await using server = scriptedServer(openAndClose(4000));
  const { ws, log } = impatientClient(server.url, {
    onConnect: (_client, { signal }) => new Promise((resolve) => signal.addEventListener("abort", resolve)),
  });
  const error = await assertRejects(() => ws.startConnection(), WebSocketError, "4000");
  assertEquals(error.closeCode, 4000);
  assertEquals(log.events, ["gaveUp 4000", "close 4000"]);
});

netTest("makeReconnectingClient() waits for the Retry-After and the 1012 of serve()", async () => {
  await using server = serve({ hostname: "127.0.0.1", port: 0, maxConnections: 1, retryAfter: 7_000, onListen() {} }, (
    request,
  ) => makeServer(request).accept());
  const url = `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/`;
  const first = impatientClient(url);
  await first.ws.startConnection();
  const second = impatientClient(url);
  second.ws.startConnection().catch(() => {});
  await second.log.until("waiting");
  await second.ws[Symbol.asyncDispose]();
  assertEquals(second.log.events[0], "waiting 1 7500 503");
  void server.shutdown({ code: 1012, spread: 1 });
  await first.log.until("waiting");
  assertEquals(first.log.events.slice(0, 3), ["up", "down 1012", "waiting 1 17500 1012"]);
  await first.ws[Symbol.asyncDispose]();
});

for (const seed of [0, 1, 2, 3, 4]) {
  netTest(`makeReconnectingClient() tries a server that closes at once at most 8 times in 60 s (${seed})`, async () => {
    // The worst chance of all is 0: no wait at all.
    let state = seed;
    const environment = new TestEnvironment(() => seed === 0 ? 0 : (state = (state * 7919 + 1) % 10_007) / 10_007);
    const attempts: number[] = [];
    const step: Step = async (peer) => {
      attempts.push(environment.time);
      await openAndCut(peer);
    };
    await using server = scriptedServer(step);
    const { ws, log } = impatientClient(server.url, { handshakeTimeout: LONG }, environment);
    ws.startConnection();
    await log.until("down", 40);
    await ws[Symbol.asyncDispose]();
    for (const start of attempts) {
      const within = attempts.filter((time) => time >= start && time < start + 60_000);
      assertEquals(within.length <= 8, true, `${within.length} attempts from ${start} on`);
    }
  });
}
