import type { Outcome, Outcomes } from "./_peers.ts";
import { NAMES } from "./peers/checks.mjs";

/** What came of one client and one server. */
export interface Row {
  readonly client: string;
  readonly server: string;
  readonly outcomes: Outcomes;
}

const HEADINGS: Record<string, string> = {
  "fragments sent": "fragments ↑",
  "fragments received": "fragments ↓",
  "ping sent": "ping ↑",
  "ping answered": "ping ↓",
  "close by client": "close ↑",
  "close by server": "close ↓",
};

/** Writes the document about a run. */
export function render(rows: readonly Row[]): string {
  const notes: string[] = [];
  const cell = (outcome: Outcome | undefined) => {
    if (outcome === "ok") return "✓";
    if (outcome === undefined || "failed" in outcome) return "✗";
    if (!notes.includes(outcome.limit)) notes.push(outcome.limit);
    return `– ${notes.indexOf(outcome.limit) + 1}`;
  };
  const table = [
    ["Client", "Server", ...NAMES.map((name) => HEADINGS[name] ?? name)],
    ...rows.map(({ client, server, outcomes }) => [client, server, ...NAMES.map((name) => cell(outcomes[name]))]),
  ];
  return `${INTRODUCTION}\n${aligned(table)}\n\n${legend(notes)}${PEERS}`;
}

function legend(notes: readonly string[]): string {
  return `✓ was tried and works. – can't be tried:\n\n${notes.map((note, i) => `${i + 1}. ${note}.\n`).join("")}`;
}

/** A table as `deno fmt` writes it. */
function aligned(table: readonly (readonly string[])[]): string {
  const widths = table[0].map((_, column) => Math.max(3, ...table.map((row) => row[column].length)));
  const line = (cells: readonly string[]) => `| ${cells.map((cell, i) => cell.padEnd(widths[i])).join(" | ")} |`;
  const [head, ...body] = table;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...body.map(line)].join("\n");
}

const INTRODUCTION = `# With other implementations

This page is generated from a run of \`deno task test:interop\`, which CI repeats: it tries this driver, as a server and
as a client, on implementations by others. An arrow up means from the client to the server.
`;

const PEERS = `
The checks are those of [checks.mjs](../tests/interop/peers/checks.mjs):

- **text**, **binary**, **large**: every message comes back as it was sent, including an empty one, one for each form of
  the length field, and one of 3 MB.
- **fragments**: a message in four frames, one of them empty.
- **subprotocol**: the client offers two, and the server chooses one.
- **headers**, **cookies**: header fields that one side adds to the handshake arrive at the other.
- **ping**: each side's Ping is answered with its Pong.
- **close**: code and reason arrive: 1000, 3000 and 4999 from the client; 1000, 1001, 1011 and 4002 from the server, or
  only 1000 and 4002 if its API allows no others.
- **compression**: \`permessage-deflate\` is negotiated, and messages of all kinds come back as they were sent.
- **TLS**: text over \`wss:\`.

With nginx, the configuration is the one in [behind a proxy](proxy.md): nginx ends TLS.
`;
