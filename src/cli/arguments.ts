import { parseArgs, type ParseArgsConfig } from "node:util";
import { UsageError } from "./usage.ts";

/** The notations of binary messages. */
export type BinaryNotation = "hex" | "base64" | "raw";

/** The parsed command line. */
export interface Command {
  /** The URL to connect to; null to listen. */
  readonly url: string | null;
  /** The address to listen on; null to connect. */
  readonly listen: { readonly hostname: string; readonly port: number } | null;
  /** Header fields to add to the handshake. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The subprotocols, in order of preference. */
  readonly protocols: string[];
  /** The proxy, null for none. */
  readonly proxy: string | null;
  /** Files with certificates to trust. */
  readonly ca: readonly string[];
  /** Whether to compress. */
  readonly compress: boolean;
  /** How often to ping, in milliseconds; undefined for the default. */
  readonly ping: number | undefined;
  /** Whether to connect again. */
  readonly reconnect: boolean;
  /** How lines are sent as binary messages; null for text. */
  readonly binary: BinaryNotation | null;
  /** Whether to print events as JSON. */
  readonly json: boolean;
  /** Whether to exit after the first message. */
  readonly once: boolean;
  /** How long to wait at the end of the input, in milliseconds. */
  readonly wait: number;
}

const OPTIONS = {
  header: { type: "string", short: "H", multiple: true },
  protocol: { type: "string", multiple: true },
  origin: { type: "string" },
  proxy: { type: "string" },
  ca: { type: "string", multiple: true },
  compress: { type: "boolean" },
  ping: { type: "string" },
  reconnect: { type: "boolean" },
  binary: { type: "string" },
  json: { type: "boolean" },
  once: { type: "boolean" },
  wait: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const satisfies ParseArgsConfig["options"];

/** The options for clients only. */
const CLIENT_ONLY = ["origin", "proxy", "ca", "reconnect"] as const;

/** The longest time that a timer waits, in milliseconds. */
const MAX_TIME = 0x7fffffff;

/**
 * Parses the command line.
 *
 * @param args The arguments.
 * @returns The command; null to show the usage.
 * @throws {UsageError} If they are invalid.
 */
export function parseArguments(args: readonly string[]): Command | null {
  const { values, positionals } = parse(args);
  if (values.help) return null;
  const listens = positionals[0] === "listen";
  if (listens) {
    const option = CLIENT_ONLY.find((name) => values[name] !== undefined);
    if (option !== undefined) throw new UsageError(`--${option} is for a client, but listen starts a server`);
  }
  const origin: readonly (readonly [string, string])[] = values.origin === undefined ? [] : [["Origin", values.origin]];
  const command: Command = {
    ...(listens
      ? { url: null, listen: parseAddress(positionals.slice(1)) }
      : { url: onlyOne(positionals), listen: null }),
    headers: [...(values.header ?? []).map(parseHeader), ...origin],
    protocols: values.protocol ?? [],
    proxy: values.proxy ?? null,
    ca: values.ca ?? [],
    compress: values.compress ?? false,
    ping: values.ping === undefined ? undefined : parseTime("ping", values.ping),
    reconnect: values.reconnect ?? false,
    binary: parseNotation(values.binary),
    json: values.json ?? false,
    once: values.once ?? false,
    wait: values.wait === "forever" ? Infinity : parseTime("wait", values.wait ?? "1000"),
  };
  checkTogether(command);
  return command;
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function onlyOne([url, ...more]: string[]): string {
  if (url === undefined) throw new UsageError("the URL is missing, such as wss://example.com/");
  if (more.length > 0) throw new UsageError(`there must be one URL, received ${more.length + 1}`);
  return url;
}

function parseAddress(rest: string[]): { hostname: string; port: number } {
  const [, host, digits] = /^(?:(.+):)?(\d+)$/.exec(rest.join(" ")) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65535) {
    throw new UsageError(
      `listen needs a port from 0 to 65535, or HOST:PORT, received ${JSON.stringify(rest.join(" "))}`,
    );
  }
  // To be reachable from other machines, the user must say so.
  return { hostname: host?.replace(/^\[(.*)\]$/, "$1") ?? "127.0.0.1", port };
}

function parseHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(":");
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  throw new UsageError(`--header must be "NAME: VALUE", received ${JSON.stringify(text)}`);
}

function parseTime(name: string, text: string): number {
  const time = Number(text);
  if (/^\d+$/.test(text) && time <= MAX_TIME) return time;
  throw new UsageError(`--${name} must be milliseconds, received ${JSON.stringify(text)}`);
}

function parseNotation(value: string | undefined): BinaryNotation | null {
  if (value === undefined) return null;
  if (value === "hex" || value === "base64" || value === "raw") return value;
  throw new UsageError(`--binary must be hex, base64 or raw, received ${JSON.stringify(value)}`);
}

function checkTogether({ binary, json, reconnect, listen }: Command): void {
  if (binary !== "raw") return;
  if (json) throw new UsageError("--binary raw can't go with --json, whose lines are text: use base64");
  if (reconnect) {
    throw new UsageError("--binary raw can't go with --reconnect: one message can't be sent in two halves");
  }
  if (listen !== null) throw new UsageError("--binary raw can't go with listen: use hex or base64");
}
