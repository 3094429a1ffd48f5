// What a proxy can answer, and how a client takes it.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { ErrorCode, HandshakeError, makeClient, type Transport } from "../../client.ts";
import { openTunnel } from "../../src/client/proxy/open_tunnel.ts";
import { parseProxy } from "../../src/client/proxy/proxy.ts";
import { EventLog } from "../support/event_log.ts";
import { LONG } from "../support/hosts.ts";
import { netTest } from "../support/permissions.ts";
import { field, type RawPeer } from "../support/raw_peer.ts";
import { rawServer } from "../support/raw_server.ts";

const SERVER = { secure: true, hostname: "example.com", port: 443 };

const encode = (text: string) => new TextEncoder().encode(text);

/** A transport with an answer in chunks, which then ends; it keeps what was sent. */
function answering(chunks: readonly Uint8Array[], sent: number[] = []): Transport {
  const rest = chunks.filter((chunk) => chunk.length > 0);
  return {
    retainsWrites: false,
    read(buffer) {
      const chunk = rest.shift();
      if (chunk === undefined) return Promise.resolve(null);
      buffer.set(chunk);
      return Promise.resolve(chunk.length);
    },
    write: (bytes) => Promise.resolve(void sent.push(...bytes)),
    closeWrite: () => Promise.resolve(),
    close() {},
  };
}

function tunnel(url: string, chunks: readonly Uint8Array[], sent: number[] = []): Promise<Uint8Array> {
  return openTunnel(answering(chunks, sent), parseProxy(url), SERVER, new AbortController().signal);
}

async function failure(url: string, chunks: readonly Uint8Array[]): Promise<HandshakeError> {
  const error = await assertRejects(() => tunnel(url, chunks), HandshakeError);
  assertEquals(error.code, ErrorCode.PROXY_FAILED);
  assertStringIncludes(error.message, `The proxy ${parseProxy(url).name} `);
  assert(!Deno.inspect(error).includes("s3cret"), error.message);
  return error;
}

/** A greeting answered with "no authentication", and one that is followed by a password's answer. */
const GREETING = "0500";
const LOGIN = "05020100";

/** An answer that opens a tunnel: the proxy, the answer, and what the client has sent. */
const OPENING: readonly (readonly [url: string, answer: Uint8Array, sent: string])[] = [
  [
    "http://h",
    encode("HTTP/1.1 200 Connection established\r\n\r\n"),
    "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n",
  ],
  // As tinyproxy has it.
  [
    "http://alice:s3cret@h",
    encode("HTTP/1.0 200 Connection established\r\nProxy-agent: tinyproxy\r\n\r\n"),
    "CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\nProxy-Authorization: Basic YWxpY2U6czNjcmV0\r\n\r\n",
  ],
  // RFC 9110 §9.3.6: any 2xx, and Content-Length and Transfer-Encoding are ignored.
  ["http://h", encode("HTTP/1.1 204\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"), ""],
  // RFC 9110 §15.2.
  ["http://h", encode("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"), ""],
  // RFC 1928 §6: an IPv4 address, a name, an IPv6 address.
  [
    "socks5h://h",
    Uint8Array.fromHex(`${GREETING}050000017f0000011f90`),
    "\x05\x01\x00\x05\x01\x00\x03\x0bexample.com\x01\xbb",
  ],
  ["socks5h://h", Uint8Array.fromHex(`${GREETING}0500000304686f73741f90`), ""],
  ["socks5h://h", Uint8Array.fromHex(`${GREETING}05000004${"00".repeat(16)}1f90`), ""],
  // RFC 1929 §2.
  [
    "socks5h://alice:s3cret@h",
    Uint8Array.fromHex(`${LOGIN}05000001000000000000`),
    "\x05\x02\x00\x02\x01\x05alice\x06s3cret\x05\x01\x00\x03\x0bexample.com\x01\xbb",
  ],
];

for (const [url, answer, expected] of OPENING) {
  const what = `${url} and ${answer.length > 40 ? answer.length : JSON.stringify(answer.toHex())}`;
  Deno.test(`openTunnel() reads a response split at every byte, and what follows it: ${what}`, async () => {
    const whole = new Uint8Array([...answer, 0x68, 0x69]);
    const sent: number[] = [];
    const early = [...await tunnel(url, [whole], sent)];
    assertEquals(early, [0x68, 0x69]);
    if (expected !== "") assertEquals(String.fromCharCode(...sent), expected);
    for (let i = 1; i < whole.length; i++) {
      const got = await tunnel(url, [whole.subarray(0, i), whole.subarray(i)]);
      assertEquals([...got], i > answer.length ? [0x68] : i === answer.length ? [] : [0x68, 0x69]);
    }
    assertEquals(await tunnel(url, [...answer].map((byte) => Uint8Array.of(byte))), new Uint8Array(0));
  });

  Deno.test(`openTunnel() fails if a response is cut off at any byte: ${what}`, async () => {
    for (let i = 0; i < answer.length; i++) {
      const { status } = await failure(url, [answer.subarray(0, i)]);
      assertEquals(status, null);
    }
  });
}

const REFUSALS: readonly (readonly [url: string, answer: Uint8Array | string, status: number | null, says: string])[] =
  [
    ["http://h", "HTTP/1.1 407 No\r\nContent-Length: 4\r\n\r\nWho?", 407, '407 Proxy Authentication Required: "Who?"'],
    [
      "http://alice:s3cret@h",
      "HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
      403,
      "example.com:443 with 403 Forbidden",
    ],
    [
      "http://h",
      "HTTP/1.1 302 Found\r\nLocation: https://evil.example/\r\nContent-Length: 0\r\n\r\n",
      302,
      "302 Found",
    ],
    ["http://h", "HTTP/1.1 101 Switching Protocols\r\n\r\n", 101, "101 Switching Protocols"],
    ["http://h", "HTTP/1.1 100 Continue\r\n\r\n".repeat(17), null, "more than 16 responses of 1xx"],
    ["http://h", "SSH-2.0-OpenSSH\r\n", null, "sent no usable response"],
    ["http://h", "HTTP/1.1 200 OK\nX: y\n\n", null, "sent no usable response"],
    ["http://h", `HTTP/1.1 200 OK\r\nX: ${"y".repeat(300_000)}`, null, "sent no usable response"],
    [
      "socks5h://h",
      "HTTP/1.1 400 Bad Request\r\n\r\n",
      null,
      "must answer with version 5 of SOCKS (RFC 1928), received 72",
    ],
    ["socks5h://h", Uint8Array.fromHex("0400"), null, "received 4"],
    ["socks5h://h", Uint8Array.fromHex("05ff"), 407, "give them in its URL"],
    ["socks5h://h", Uint8Array.fromHex("0502"), null, "a method of authentication that was offered"],
    ["socks5h://h", Uint8Array.fromHex("0501"), null, "a method of authentication that was offered"],
    ["socks5h://alice:s3cret@h", Uint8Array.fromHex("05ff"), 407, "an authentication other than a user and a password"],
    ["socks5h://alice:s3cret@h", Uint8Array.fromHex("05020101"), 407, "refused the user and the password"],
    ["socks5h://alice:s3cret@h", Uint8Array.fromHex("05020500"), null, "must answer with version 1"],
    ["socks5h://h", Uint8Array.fromHex(`${GREETING}04000001`), null, "must answer with version 5"],
    ["socks5h://h", Uint8Array.fromHex(`${GREETING}05000002`), null, "must answer with an address"],
    ...[...Array(10).keys()].slice(1).map((reply): readonly [string, Uint8Array, null, string] => [
      "socks5h://h",
      Uint8Array.fromHex(`${GREETING}050${reply}0001`),
      null,
      "refused the connection to example.com, port 443: " + [
        "general SOCKS server failure",
        "connection not allowed by ruleset",
        "network unreachable",
        "host unreachable",
        "connection refused",
        "TTL expired",
        "command not supported",
        "address type not supported",
        "reply 9",
      ][reply - 1],
    ]),
  ];

for (const [url, answer, status, says] of REFUSALS) {
  Deno.test(`openTunnel() fails with ${url.split(":")[0]}: ${says}`, async () => {
    const bytes = typeof answer === "string" ? encode(answer) : answer;
    // A read gives no more than its buffer holds.
    const chunks = Array.from({ length: Math.ceil(bytes.length / 512) }, (_, i) => bytes.slice(i * 512, (i + 1) * 512));
    const error = await failure(url, chunks);
    assertStringIncludes(error.message, says);
    assertEquals(error.status, status);
  });
}

Deno.test("openTunnel() asks for an IPv6 address in brackets, or as 16 bytes", async () => {
  const server = { secure: false, hostname: "2001:db8::1", port: 80 };
  const { signal } = new AbortController();
  const sent: number[] = [];
  await openTunnel(answering([encode("HTTP/1.1 200 OK\r\n\r\n")], sent), parseProxy("http://h"), server, signal);
  assertStringIncludes(String.fromCharCode(...sent), "CONNECT [2001:db8::1]:80 HTTP/1.1\r\nHost: [2001:db8::1]:80\r\n");
  for (const scheme of ["socks5", "socks5h"]) {
    const bytes: number[] = [];
    const answer = Uint8Array.fromHex(`${GREETING}05000001000000000000`);
    await openTunnel(answering([answer], bytes), parseProxy(`${scheme}://h`), server, signal);
    assertEquals(Uint8Array.from(bytes).toHex(), "050100" + "05010004" + "20010db8000000000000000000000001" + "0050");
  }
});

Deno.test("openTunnel() refuses a host that SOCKS can't carry", async () => {
  const { signal } = new AbortController();
  const long = { secure: false, hostname: "a".repeat(256), port: 80 };
  const chunks = () => [Uint8Array.fromHex(GREETING)];
  await assertRejects(() => openTunnel(answering(chunks()), parseProxy("socks5h://h"), long, signal), HandshakeError);
  const wordy = parseProxy(`socks5h://alice:${"s".repeat(256)}@h`);
  await assertRejects(
    () => openTunnel(answering([Uint8Array.of(5, 2)]), wordy, SERVER, signal),
    TypeError,
    "255 bytes",
  );
});

/** Answers as a proxy does, and goes on as the server behind it. */
const asHttp = (then: (peer: RawPeer) => Promise<void>) => async (peer: RawPeer) => {
  await peer.head();
  await then(peer);
};

const asSocks = (then: (peer: RawPeer) => Promise<void>) => async (peer: RawPeer) => {
  await peer.take(3);
  await peer.write(Uint8Array.fromHex(GREETING));
  // The name is localhost.
  await peer.take(4 + 1 + 9 + 2);
  await then(peer);
};

const KINDS = [
  ["http", asHttp, encode("HTTP/1.0 200 OK\r\n\r\n")],
  ["socks5h", asSocks, Uint8Array.fromHex("05000001000000000000")],
] as const;

for (const [scheme, as, answer] of KINDS) {
  const through = (port: number) => ({ proxy: `${scheme}://alice:s3cret@127.0.0.1:${port}`, handshakeTimeout: LONG });
  const open = (peer: RawPeer, behind = "") => peer.write(new Uint8Array([...answer, ...encode(behind)]));

  netTest(`${scheme}: bytes after the proxy's response are the tunnel's first`, async () => {
    await using proxy = rawServer(as(async (peer) => {
      await open(peer, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switch");
      const request = await peer.head();
      assertEquals([field(request, "proxy-authorization"), field(request, "authorization")], [null, null]);
      await peer.write("ing Protocols\r\n\r\n");
      await peer.rest();
    }));
    const ws = makeClient("ws://localhost/", through(proxy.port));
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    // The whole answer was put together from both, and is wrong only by what it lacks.
    assertStringIncludes(error.message, "Upgrade");
    assertEquals(error.status, 101);
  });

  netTest(`${scheme}: bytes after the response fail the TLS handshake that is to begin`, async () => {
    await using proxy = rawServer(as(async (peer) => {
      await open(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
      await peer.rest();
    }));
    const ws = makeClient("wss://localhost/", through(proxy.port));
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals(error.code, ErrorCode.TLS_FAILED);
    assertStringIncludes(error.message, "try ws:");
  });

  netTest(`${scheme}: a connection through a scripted proxy opens, and is closed`, async () => {
    await using proxy = rawServer(as(async (peer) => {
      await open(peer);
      await peer.accept(peer.frameOf(0x81, "Hi"));
      assertEquals(await peer.frame(), "close 1000");
      await peer.close(1000);
      await peer.end();
    }));
    const ws = makeClient("ws://localhost/", through(proxy.port));
    const log = new EventLog(ws);
    assert(await ws.startConnection());
    assertEquals(await log.received(1), ["Hi"]);
    ws.closeConnection();
    assertEquals((await log.closed).code, 1000);
  });

  netTest(
    `${scheme}: a proxy that stalls is given up on at handshakeTimeout and by signal, with nothing left behind`,
    async () => {
      const stalls: readonly ((peer: RawPeer, stop: (peer: RawPeer) => Promise<void>) => Promise<void>)[] = [
        (peer, stop) => stop(peer),
        (peer, stop) => as(stop)(peer),
        (peer, stop) => as((peer) => peer.write(answer.subarray(0, -1)).then(() => stop(peer)))(peer),
        (peer, stop) => as((peer) => open(peer).then(() => stop(peer)))(peer),
      ];
      for (const stall of stalls) {
        for (const server of ["ws://localhost/", "wss://localhost/"]) {
          const user = new AbortController();
          await using proxy = rawServer((peer) =>
            stall(peer, async () => {
              user.abort(new Error("enough"));
              await peer.rest();
            })
          );
          const ws = makeClient(server, { ...through(proxy.port), signal: user.signal });
          await assertRejects(() => ws.startConnection(), Error, "enough");
          // The time may be up before it stalls.
          await using slow = rawServer((peer) => stall(peer, async () => void await peer.rest()).catch(() => {}));
          const late = makeClient(server, { ...through(slow.port), handshakeTimeout: 30 });
          const error = await assertRejects(() => late.startConnection(), HandshakeError);
          assertEquals(error.code, ErrorCode.HANDSHAKE_TIMEOUT);
        }
      }
    },
  );

  // Row: proxy
  netTest(`${scheme}: a proxy that leaves, or isn't there, is PROXY_FAILED`, async () => {
    const leaves = [(peer: RawPeer) => Promise.resolve(peer.leave()), as((peer) => Promise.resolve(peer.leave()))];
    for (const leave of leaves) {
      await using proxy = rawServer(leave);
      const ws = makeClient("ws://localhost/", through(proxy.port));
      const error = await assertRejects(() => ws.startConnection(), HandshakeError);
      assertEquals([error.code, error.status], [ErrorCode.PROXY_FAILED, null]);
    }
    const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    gone.close();
    const ws = makeClient("ws://localhost/", through(gone.addr.port));
    const error = await assertRejects(() => ws.startConnection(), HandshakeError);
    assertEquals(error.code, ErrorCode.PROXY_FAILED);
    assertStringIncludes(error.message, `The proxy ${scheme}://127.0.0.1:${gone.addr.port} can't be reached`);
  });
}

// Row: proxy
netTest("a redirect that the proxy itself answers with is not followed", async () => {
  await using proxy = rawServer(asHttp(async (peer) => {
    await peer.write("HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n");
    await peer.rest();
  }));
  const ws = makeClient("ws://localhost/", { proxy: `http://127.0.0.1:${proxy.port}`, maxRedirects: 5 });
  const error = await assertRejects(() => ws.startConnection(), HandshakeError);
  assertEquals([error.code, error.status], [ErrorCode.PROXY_FAILED, 302]);
  assertEquals(proxy.peers.length, 1);
});
