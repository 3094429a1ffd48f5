/**
 * What is tried from a client's side, whatever the client is: this file runs in Node.js, Deno, Bun and a browser.
 *
 * @module
 */

/** An opened WebSocket of the standard's shape, with messages to wait for. */
export class Conn {
  #inbox = [];
  #awaited = [];
  #end = null;

  /** @param ws Anything with the standard's events. */
  constructor(ws) {
    this.ws = ws;
    ws.binaryType = "arraybuffer";
    this.closed = new Promise((resolve) => {
      ws.onclose = ({ code, reason }) => {
        this.#end = { code, reason: String(reason ?? "") };
        resolve(this.#end);
        for (const { reject } of this.#awaited) reject(new Error(`Closed ${code} where a message was due`));
      };
    });
    this.opened = new Promise((resolve, reject) => {
      ws.onopen = () => resolve(this);
      ws.onerror = (event) =>
        reject(new Error(`Failed to open: ${event?.message ?? event?.error ?? "no reason given"}`));
      this.closed.then(({ code }) => reject(new Error(`Closed ${code} before it was open`)));
    });
    this.opened.catch(() => {});
    ws.onmessage = ({ data }) => this.#deliver(typeof data === "string" ? data : new Uint8Array(data));
  }

  #deliver(message) {
    if (this.#awaited.length > 0) this.#awaited.shift().resolve(message);
    else this.#inbox.push(message);
  }

  /** The next message. */
  receive() {
    if (this.#inbox.length > 0) return Promise.resolve(this.#inbox.shift());
    if (this.#end !== null) return Promise.reject(new Error(`Closed ${this.#end.code} where a message was due`));
    return new Promise((resolve, reject) => this.#awaited.push({ resolve, reject }));
  }

  /** Sends a message, and expects it back. */
  async echo(message) {
    this.ws.send(message);
    equal(await this.receive(), message);
  }

  /** Closes, and waits for the end. */
  close(code = 1000, reason = "") {
    this.ws.close(code, reason);
    return this.closed;
  }
}

function equal(actual, expected) {
  if (typeof actual !== typeof expected) throw new Error(`Received ${typeof actual}, not ${typeof expected}`);
  if (actual.length !== expected.length) throw new Error(`Received length ${actual.length}, not ${expected.length}`);
  for (let i = 0; i < expected.length; i++) {
    if (actual[i] !== expected[i]) throw new Error(`Received another at ${i}: ${actual[i]}, not ${expected[i]}`);
  }
}

function same(actual, expected) {
  const [a, b] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== b) throw new Error(`Received ${a}, not ${b}`);
}

function pattern(length) {
  return Uint8Array.from({ length }, (_, i) => i * 7 + (i >> 8));
}

/** Each check gets the client, and a function that opens a connection to a path of the server's. */
const CHECKS = {
  async text(open) {
    const conn = await open("/");
    for (const text of ["Hi", "", "Grüße, 世界 👋", "\u0000"]) await conn.echo(text);
    await conn.close();
  },
  async binary(open) {
    const conn = await open("/");
    for (const length of [1, 0, 125, 126, 65_535, 65_536]) await conn.echo(pattern(length));
    await conn.close();
  },
  async large(open) {
    const conn = await open("/");
    await conn.echo(pattern(3_000_000));
    await conn.echo("äöü".repeat(300_000));
    await conn.close();
  },
  async "fragments sent"(open, client) {
    const conn = await open("/");
    await client.sendFragments(conn.ws, ["In ", "four ", "", "fragments ✓"]);
    equal(await conn.receive(), "In four fragments ✓");
    await conn.close();
  },
  async "fragments received"(open) {
    const conn = await open("/fragments");
    equal(await conn.receive(), "In four fragments ✓");
    await conn.echo("And whole");
    await conn.close();
  },
  async subprotocol(open) {
    const conn = await open("/", { protocols: ["other", "chat"] });
    equal(conn.ws.protocol, "chat");
    await conn.close();
    const none = await open("/");
    equal(none.ws.protocol || "", "");
    await none.close();
  },
  async headers(open, client) {
    const conn = await open("/request", { headers: { "X-Test": "one, two" } });
    same(JSON.parse(await conn.receive())["x-test"], "one, two");
    if (client.replyHeader !== undefined) equal(client.replyHeader(conn.ws, "x-reply"), "yes");
    await conn.close();
  },
  async cookies(open, client) {
    const headers = client.keepsCookies ? {} : { headers: { Cookie: "visit=first" } };
    if (client.keepsCookies) await (await open("/")).close();
    const conn = await open("/request", headers);
    same(JSON.parse(await conn.receive()).cookie, "visit=first");
    await conn.close();
  },
  async "ping sent"(open, client) {
    const conn = await open("/");
    await client.ping(conn.ws);
    await conn.echo("Still here");
    await conn.close();
  },
  async "ping answered"(open) {
    const conn = await open("/ping");
    equal(await conn.receive(), "ponged");
    await conn.close();
  },
  async "close by client"(open) {
    for (const [code, reason] of [[1000, ""], [3000, "registered"], [4999, "Tschüß"]]) {
      const id = `${Math.random()}`;
      const conn = await open(`/?id=${id}`);
      const end = await conn.close(code, reason);
      same(end.code, code);
      const witness = await open(`/closed?id=${id}`);
      same(JSON.parse(await witness.receive()), { code, reason });
      await witness.close();
    }
  },
  async "close by server"(open, _client, server) {
    for (const [code, reason] of [[1000, ""], [1001, "going away"], [1011, "oops"], [4002, "bis später"]]) {
      if (server.standardCodes && code > 1000 && code < 3000) continue;
      const conn = await open(`/close?code=${code}&reason=${encodeURIComponent(reason)}`);
      same(await conn.closed, { code, reason });
    }
  },
  async compression(open) {
    const conn = await open("/", { compress: true });
    if (!`${conn.ws.extensions}`.includes("permessage-deflate")) {
      throw new Error(`Agreed on no permessage-deflate: ${conn.ws.extensions}`);
    }
    for (const text of ["Hi", "Hi", "a".repeat(100_000), "äöü".repeat(10_000), ""]) await conn.echo(text);
    for (const length of [0, 1, 1000, 300_000]) await conn.echo(pattern(length));
    await conn.close();
  },
};

/** The names of all checks, in order; the last is "TLS". */
export const NAMES = [...Object.keys(CHECKS), "TLS"];

/**
 * Runs all checks.
 *
 * @param client How to connect: `open(url, { protocols, headers, compress })`; `limits` names what it can't do, and why.
 * @param server The server's addresses, `plain` and `secure`; its `limits` names what it can't do, and why.
 * @returns {Promise<Record<string, "ok" | { limit: string } | { failed: string }>>} By name.
 */
export async function runChecks(client, server) {
  /** @type {Record<string, "ok" | { limit: string } | { failed: string }>} */
  const results = {};
  for (const name of NAMES) {
    const limit = client.limits?.[name] ?? server.limits?.[name];
    const check = name === "TLS" ? CHECKS.text : CHECKS[name];
    const base = name === "TLS" ? server.secure : server.plain;
    const open = (path, options = {}) => new Conn(client.open(new URL(path, base).href, options)).opened;
    results[name] = limit !== undefined ? { limit } : await attempt(() => check(open, client, server));
  }
  return results;
}

async function attempt(check) {
  let timer;
  const limit = new Promise((_, reject) => timer = setTimeout(() => reject(new Error("Took more than 20 s")), 20_000));
  try {
    await Promise.race([check(), limit]);
    return "ok";
  } catch (error) {
    return { failed: String(error?.message ?? error) };
  } finally {
    clearTimeout(timer);
  }
}
