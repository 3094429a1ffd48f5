/**
 * Asks this package, npm `ws` and Deno's built-in socket the same rows, as servers and as clients, and writes
 * docs/hostile-report.md: how many each handles as RFC 6455 has it. A report, not a gate.
 *
 *     deno task report:hostile
 *
 * A row is handled if the outcome on the wire is the one that the table requires: the right Close code (1006, an end
 * without a Close, is not), the right status, or a client that opens only if it may. Each runs in a process of its
 * own, and a peer that is made of bytes asks it.
 *
 * @module
 */
import config from "../../../deno.json" with { type: "json" };
import type { Role } from "../../../protocol.ts";
import { acceptKey } from "../../../src/handshake/accept_key.ts";
import { sha1 } from "../../../src/handshake/sha1.ts";
import { ConnTransport } from "../../../src/transport/conn_transport.ts";
import { field, RawPeer } from "../../support/raw_peer.ts";
import { bytesOf, FRAME_ROWS, type FrameRow } from "../frame_rows.ts";
import { ANSWER_ROWS, type AnswerRow, latin1, REQUEST_ROWS, type RequestRow } from "../handshake_rows.ts";
import { formatMarkdown } from "../../support/format_markdown.ts";

/** Who is asked. */
export const SUBJECTS = ["@wsd/driver", "npm ws", "Deno's built-in socket"] as const;

/** One of those who are asked. */
export type Subject = typeof SUBJECTS[number];

/** How long an answer may take, in milliseconds. */
const PATIENCE = 2000;

/** What came of a row. */
export interface Verdict {
  /** Which rows it belongs to: `"frames as server"`. */
  readonly group: string;
  /** What was asked. */
  readonly does: string;
  /** What came. */
  readonly outcome: string;
  /** Whether that is right. */
  readonly handled: boolean;
}

/** Asks one of them every row. */
export async function ask(subject: Subject): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  const byLimits = Map.groupBy(FRAME_ROWS, ({ limits }) => JSON.stringify(limits ?? {}));
  for (const [limits, rows] of byLimits) {
    await using server = await startServer(subject, JSON.parse(limits));
    for (const row of rows) {
      const outcome = await within(server.ask((peer) => askFrames(row, peer)));
      verdicts.push(verdict("frames as server", row, outcome, `close ${row.close}`));
    }
  }
  await using server = await startServer(subject, {});
  for (const row of REQUEST_ROWS) {
    const outcome = await within(server.ask((peer) => askRequest(row, peer)));
    verdicts.push({ ...verdict("handshakes as server", row, outcome, ""), handled: judge(row, outcome) });
  }
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  for (const row of FRAME_ROWS) {
    const outcome = await withClient(subject, listener, row, (peer) => askFrames(row, peer, "client"));
    verdicts.push(verdict("frames as client", row, outcome, `close ${row.close}`));
  }
  for (const row of ANSWER_ROWS) {
    const outcome = await withClient(subject, listener, row, (peer, told) => askAnswer(row, peer, told));
    verdicts.push(verdict("handshakes as client", row, outcome, row.opens ? "opened" : "refused"));
  }
  return verdicts;
}

function verdict(group: string, { does }: { does: string }, outcome: string, right: string): Verdict {
  return { group, does, outcome, handled: outcome === right };
}

function judge({ status, protocol }: RequestRow, outcome: string): boolean {
  const [code, chosen] = outcome.split(" ");
  if (!status.includes(Number(code))) return false;
  return code !== "101" || protocol === undefined || (chosen ?? null) === protocol;
}

async function within(answer: Promise<string>): Promise<string> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<string>((resolve) => timer = setTimeout(() => resolve("nothing"), PATIENCE));
  try {
    return await Promise.race([answer.catch((error) => `failed: ${error.message}`), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Gives the Close that comes, or how TCP ends. */
async function askFrames(row: FrameRow, peer: RawPeer, role: Role = "server"): Promise<string> {
  const extensions = row.compressed ? "permessage-deflate" : null;
  if (role === "server") {
    const head = await peer.open(undefined, extensions === null ? {} : { "Sec-WebSocket-Extensions": extensions });
    if (row.compressed && field(head, "Sec-WebSocket-Extensions") === null) return "no compression";
  } else {
    const request = await peer.accept(
      undefined,
      extensions === null ? [] : [`Sec-WebSocket-Extensions: ${extensions}`],
    );
    if (row.compressed && field(request, "Sec-WebSocket-Extensions") === null) return "no compression";
  }
  await peer.write(bytesOf(row, role)).catch(() => {});
  for (;;) {
    const frame = await peer.frame();
    if (frame === "end") return "end without a Close";
    if (frame.startsWith("close")) {
      peer.leave();
      return frame.split(" ").slice(0, 2).join(" ");
    }
  }
}

async function askRequest(row: RequestRow, peer: RawPeer): Promise<string> {
  void peer.write(latin1(row.head)).catch(() => {});
  try {
    const head = await peer.head();
    return `${head.split(" ")[1]} ${field(head, "Sec-WebSocket-Protocol") ?? ""}`.trim();
  } finally {
    peer.leave();
  }
}

async function askAnswer(row: AnswerRow, peer: RawPeer, told: Promise<string>): Promise<string> {
  const key = field(await peer.head(), "Sec-WebSocket-Key") ?? "";
  await peer.write(latin1(row.answer(acceptKey(key, sha1)))).catch(() => {});
  if (!row.opens) await peer.end().catch(() => {});
  return await told;
}

async function withClient(
  subject: Subject,
  listener: Deno.TcpListener,
  row: FrameRow | AnswerRow,
  act: (peer: RawPeer, told: Promise<string>) => Promise<string>,
): Promise<string> {
  const limits = "limits" in row ? row.limits ?? {} : {};
  const protocols = "frames" in row ? [] : ["chat"];
  const client = spawn("client", subject, { port: listener.addr.port, ...limits, protocols });
  const peer = new RawPeer(new ConnTransport(await listener.accept()), "server");
  const told = firstLine(client);
  try {
    return await within(act(peer, told));
  } finally {
    peer.leave();
    await stop(client);
  }
}

/** The server under test; if it has died of a row, a new one takes its place. */
interface AskedServer extends AsyncDisposable {
  ask(question: (peer: RawPeer) => Promise<string>): Promise<string>;
}

async function startServer(subject: Subject, limits: Record<string, unknown>): Promise<AskedServer> {
  let server = spawn("server", subject, limits);
  let port = Number(await firstLine(server));
  const connect = () => RawPeer.dial(port);
  return {
    async ask(question) {
      let peer: RawPeer;
      try {
        peer = await connect();
      } catch {
        await stop(server);
        server = spawn("server", subject, limits);
        port = Number(await firstLine(server));
        peer = await connect();
      }
      return await question(peer);
    },
    [Symbol.asyncDispose]: () => stop(server),
  };
}

function spawn(role: Role, subject: Subject, options: Record<string, unknown>): Deno.ChildProcess {
  const args = ["run", "--allow-all", "--quiet", new URL(`${role}.ts`, import.meta.url).pathname];
  return new Deno.Command(Deno.execPath(), {
    args: [...args, subject, JSON.stringify(options)],
    stdout: "piped",
    stderr: "null",
  }).spawn();
}

async function firstLine({ stdout }: Deno.ChildProcess): Promise<string> {
  let text = "";
  for await (const part of stdout.pipeThrough(new TextDecoderStream())) {
    text += part;
    if (text.includes("\n")) break;
  }
  return text.split("\n")[0] || "refused";
}

async function stop(child: Deno.ChildProcess): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself.
  }
  await child.status;
}

const GROUPS = ["frames as server", "handshakes as server", "frames as client", "handshakes as client"];

function versionOf(subject: Subject): string {
  if (subject === "@wsd/driver") return config.version;
  return subject === "npm ws" ? "8.23.0" : Deno.version.deno;
}

/** Writes the report. */
export function reportOf(answers: ReadonlyMap<Subject, readonly Verdict[]>, date: string): string {
  const count = (verdicts: readonly Verdict[]) =>
    `${verdicts.filter(({ handled }) => handled).length} of ${verdicts.length}`;
  const row = (title: string, pick: (verdict: Verdict) => boolean) =>
    `| ${[title, ...SUBJECTS.map((subject) => count(answers.get(subject)!.filter(pick)))].join(" | ")} |`;
  const missed = SUBJECTS.flatMap((subject) => {
    const rows = answers.get(subject)!.filter(({ handled }) => !handled);
    if (rows.length === 0) return [];
    const lines = rows.map(({ group, does, outcome }) => `| ${group} | ${escape(does)} | ${escape(outcome)} |`);
    return ["", `## Not handled by ${subject}`, "", "| As | Row | Outcome |", "| --- | --- | --- |", ...lines];
  });
  return [
    "# Hostile cases, compared with others",
    "",
    `On ${date}, on Deno ${Deno.version.deno}: ${
      SUBJECTS.map((subject) => `${subject} ${versionOf(subject)}`).join(", ")
    }. The cases of [the table](hostile.md) that consist of bytes, sent by a peer that follows no rules of its own. A case`,
    "counts as handled if the outcome on the wire is the one in the table: the Close code, the status, or a client that",
    "opens exactly when it may. Ending TCP without a Close counts as not handled, though RFC 6455 §7.1.7 makes that Close",
    "a SHOULD. Limits are set if there is an option for them; without one, or without compression, the case counts as not",
    "handled. We chose the cases ourselves, without the authors of the others, and everything runs on Deno, which is not the",
    "home of npm ws. Compression is turned on for npm ws, whose servers have it off by default.",
    "",
    `| Rows | ${SUBJECTS.map((subject) => `${subject} ${versionOf(subject)}`).join(" | ")} |`,
    "| --- | --- | --- | --- |",
    ...GROUPS.map((group) => row(group[0].toUpperCase() + group.slice(1), (verdict) => verdict.group === group)),
    row("All", () => true),
    `| Of the rest, TCP ends without a Close | ${
      SUBJECTS.map((subject) => answers.get(subject)!.filter(({ outcome }) => outcome === "end without a Close").length)
        .join(" | ")
    } |`,
    "",
    "Generated by `deno task report:hostile`.",
    ...missed,
    "",
  ].join("\n");
}

function escape(text: string): string {
  return text.replace(/[|<>[\]_*]/g, "\\$&");
}

if (import.meta.main) {
  const answers = new Map(
    await Promise.all(SUBJECTS.map(async (subject) => [subject, await ask(subject)] as const)),
  );
  for (const [subject, verdicts] of answers) {
    console.log(`${subject}: ${verdicts.filter(({ handled }) => handled).length} of ${verdicts.length}`);
  }
  const date = Deno.args[0] ?? new Date().toISOString().slice(0, 10);
  const page = await formatMarkdown(reportOf(answers, date));
  Deno.writeTextFileSync(new URL("../../../docs/hostile-report.md", import.meta.url), page);
}
