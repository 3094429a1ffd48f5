import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { ErrorCode } from "../../errors.ts";
import { HandshakeError } from "../../handshake_error.ts";
import type { Transport } from "../../transport/transport.ts";
import { unlessAborted } from "../unless_aborted.ts";
import { messageOf } from "../../connection/message_of.ts";
import type { Credentials } from "../url_credentials.ts";
import { ByteReader } from "./byte_reader.ts";
import { ipBytes } from "./ip_bytes.ts";
import type { Proxy } from "./proxy.ts";
import type { ProxiedServer } from "./proxy_environment.ts";
import { proxyError } from "./proxy_error.ts";

/** RFC 1928 §3: the version, and the methods of authentication. */
const VERSION = 5;
const NO_AUTHENTICATION = 0x00;
const USERNAME_PASSWORD = 0x02;
const NO_ACCEPTABLE_METHODS = 0xff;

/** RFC 1929 §2: the version of the subnegotiation. */
const SUBNEGOTIATION = 1;

/** RFC 1928 §4. */
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN = 3;
const IPV6 = 4;

/** RFC 1928 §6: the meaning of a reply. */
const REPLIES: readonly string[] = [
  "succeeded",
  "general SOCKS server failure",
  "connection not allowed by ruleset",
  "network unreachable",
  "host unreachable",
  "connection refused",
  "TTL expired",
  "command not supported",
  "address type not supported",
];

/** The longest name and password of RFC 1929, and the longest domain of RFC 1928, in bytes. */
const MAX_LENGTH = 255;

/**
 * Asks a SOCKS5 proxy for a connection. RFC 1928, with the user and password of RFC 1929.
 *
 * @param transport The connection to the proxy.
 * @param proxy The proxy. For `socks5:` the server's name is resolved here, for `socks5h:` by the proxy.
 * @param server The server.
 * @param signal Ends the wait for name resolution.
 * @returns Bytes that followed the reply: the connection's first.
 * @throws {HandshakeError} If the proxy refuses or breaks a rule, or the name can't be resolved.
 */
export async function socks5Connect(
  transport: Transport,
  proxy: Proxy,
  server: ProxiedServer,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const dialog = new Dialog(transport, proxy);
  await authenticate(dialog, proxy);
  const address = await addressOf(proxy, server, signal);
  await dialog.send([VERSION, CONNECT, 0, ...address, server.port >> 8, server.port & 0xff]);
  const [, reply, , type] = await dialog.receive(4);
  if (reply !== 0) {
    const { hostname, port } = server;
    throw proxyError(
      proxy,
      `refused the connection to ${hostname}, port ${port}: ${REPLIES[reply] ?? `reply ${reply}`}`,
    );
  }
  await skipAddress(dialog, proxy, type);
  return dialog.rest;
}

/** The exchange with the proxy. */
class Dialog {
  readonly #transport: Transport;
  readonly #proxy: Proxy;
  readonly #reader: ByteReader;

  constructor(transport: Transport, proxy: Proxy) {
    this.#transport = transport;
    this.#proxy = proxy;
    this.#reader = new ByteReader(transport);
  }

  get rest(): Uint8Array {
    return this.#reader.rest;
  }

  send(bytes: Iterable<number>): Promise<void> {
    return this.#transport.write(Uint8Array.from(bytes));
  }

  /** Reads bytes of a reply. */
  async take(length: number): Promise<Uint8Array> {
    const bytes = await this.#reader.take(length).catch((cause) => {
      throw proxyError(this.#proxy, "was lost before its reply was complete", { cause });
    });
    if (bytes === null) throw proxyError(this.#proxy, "ended the connection before its reply was complete");
    return bytes;
  }

  /** Reads the start of a reply, which begins with a version. */
  async receive(length: number, version = VERSION): Promise<Uint8Array> {
    const bytes = await this.take(length);
    if (bytes[0] === version) return bytes;
    throw proxyError(this.#proxy, `must answer with version ${version} of SOCKS (RFC 1928), received ${bytes[0]}`);
  }
}

async function authenticate(dialog: Dialog, proxy: Proxy): Promise<void> {
  const { credentials } = proxy;
  const methods = credentials === null ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, USERNAME_PASSWORD];
  await dialog.send([VERSION, methods.length, ...methods]);
  const [, method] = await dialog.receive(2);
  if (method === NO_AUTHENTICATION) return;
  if (method === USERNAME_PASSWORD && credentials !== null) return await logIn(dialog, proxy, credentials);
  if (method !== NO_ACCEPTABLE_METHODS) {
    throw proxyError(proxy, `must choose a method of authentication that was offered (RFC 1928 3), received ${method}`);
  }
  const advice = credentials === null ? "no credentials: give them in its URL" : "a user and a password";
  throw proxyError(proxy, `requires an authentication other than ${advice}`, { status: 407 });
}

/** RFC 1929 §2. */
async function logIn(dialog: Dialog, proxy: Proxy, { username, password }: Credentials): Promise<void> {
  if (username.length > MAX_LENGTH || password.length > MAX_LENGTH) {
    throw new TypeError(`Cannot log in to a SOCKS proxy: user and password must have at most ${MAX_LENGTH} bytes each`);
  }
  await dialog.send([SUBNEGOTIATION, username.length, ...username, password.length, ...password]);
  const [, status] = await dialog.receive(2, SUBNEGOTIATION);
  if (status !== 0) throw proxyError(proxy, "refused the user and the password in its URL", { status: 407 });
}

/** RFC 1928 §5: the type of the address, and the address. */
async function addressOf(proxy: Proxy, { hostname }: ProxiedServer, signal: AbortSignal): Promise<number[]> {
  const here = proxy.scheme === "socks5:" && isIP(hostname) === 0;
  const address = here ? await unlessAborted(resolve(hostname), signal) : hostname;
  const family = isIP(address);
  if (family !== 0) return [family === 4 ? IPV4 : IPV6, ...ipBytes(address)];
  const name = new TextEncoder().encode(address);
  if (name.length > MAX_LENGTH) {
    throw proxyError(proxy, `accepts names of at most ${MAX_LENGTH} bytes, received one of ${name.length}`);
  }
  return [DOMAIN, name.length, ...name];
}

/** IPv4 goes before IPv6, because many proxies can't reach the latter. */
async function resolve(hostname: string): Promise<string> {
  try {
    return (await lookup(hostname, { order: "ipv4first" })).address;
  } catch (cause) {
    const advice = (cause as { code?: string }).code === "EPERM"
      ? "run again with the --allow-net flag"
      : "with socks5h:, the proxy resolves it";
    throw new HandshakeError(`Cannot resolve ${hostname}: ${messageOf(cause)} (${advice})`, {
      code: ErrorCode.CONNECT_FAILED,
      cause,
    });
  }
}

/** Skips the address that the proxy connects from. */
async function skipAddress(dialog: Dialog, proxy: Proxy, type: number): Promise<void> {
  const lengths: Record<number, number> = { [IPV4]: 4, [IPV6]: 16 };
  const length = type === DOMAIN ? (await dialog.take(1))[0] : lengths[type];
  if (length === undefined) throw proxyError(proxy, `must answer with an address (RFC 1928 6), received type ${type}`);
  await dialog.take(length + 2);
}
