import { BlockList, isIP } from "node:net";

/** Hosts that are always reached without a proxy, whatever the list says. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/**
 * Checks whether to reach a server without a proxy: it is this machine, or is in a list in the format of `no_proxy`. An
 * entry is a name, which includes its subdomains (`example.com`, `.example.com`, `*.example.com`), an address, a range
 * of addresses (`10.0.0.0/8`), each with or without a port, or `*` for all. Names aren't resolved to match ranges.
 *
 * @param list Entries separated by commas or spaces.
 * @param hostname The server's name or address, an IPv6 address without its brackets.
 * @param port The server's port.
 * @returns True for a direct connection.
 */
export function bypassesProxy(list: string, hostname: string, port: number): boolean {
  const name = normalize(hostname);
  if (isLoopback(name)) return true;
  return list.split(/[\s,]+/).some((entry) => entry !== "" && matches(entry, name, port));
}

function isLoopback(name: string): boolean {
  if (isIP(name) !== 0) return isIn(LOOPBACK, name);
  // RFC 6761 §6.3: "any DNS names falling within ".localhost."" are loopback as well.
  return name === "localhost" || name.endsWith(".localhost");
}

function matches(entry: string, name: string, port: number): boolean {
  if (entry === "*") return true;
  const { host, port: only } = splitPort(entry);
  if (only !== null && only !== port) return false;
  const wanted = normalize(host.replace(/^\*?\./, ""));
  if (wanted === "" || isIP(name) !== 0) return isIP(name) !== 0 && matchesAddress(wanted, name);
  return name === wanted || name.endsWith(`.${wanted}`);
}

function matchesAddress(wanted: string, address: string): boolean {
  const [base, bits] = wanted.split("/", 2);
  const family = isIP(base);
  if (family === 0) return false;
  const range = new BlockList();
  try {
    range.addSubnet(base, bits === undefined ? (family === 4 ? 32 : 128) : parseBits(bits), familyName(base));
  } catch {
    // An invalid range, such as 10.0.0.0/99, contains nothing.
    return false;
  }
  return isIn(range, address);
}

function parseBits(text: string): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

/** Removes `:80`; an IPv6 address with a port is in brackets. */
function splitPort(entry: string): { host: string; port: number | null } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  const [, host, port] = bracketed ?? /^([^:]*):(\d+)$/.exec(entry) ?? [entry, entry, undefined];
  return { host, port: port === undefined ? null : Number(port) };
}

function isIn(list: BlockList, address: string): boolean {
  return list.check(address, familyName(address));
}

function familyName(address: string): "ipv4" | "ipv6" {
  return isIP(address) === 6 ? "ipv6" : "ipv4";
}

/** Names are compared case-insensitively, and without the dot of the root. */
function normalize(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}
