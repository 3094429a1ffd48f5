// Frames that break a rule, asked of whole drivers: both roles, every way to read, every way to be cut.
import { assertEquals } from "@std/assert";
import { type Role, WebSocketError } from "../../protocol.ts";
import { ROLES } from "../support/endpoint.ts";
import { cut } from "../support/frames.ts";
import { bytesOf, codeOf, FRAME_ROWS, type FrameRow } from "./frame_rows.ts";
import { meet, READ_PATHS, type ReadPath } from "./paths.ts";

for (const path of READ_PATHS) {
  for (const role of ROLES) {
    for (const row of FRAME_ROWS) {
      if (path.extensions === null ? row.compressed : row.ownedByCompression) continue;
      // RFC 6455 §7.1.7 SHOULD log
      // RFC 6455 §10.7 MUST
      // RFC 6455 §10.7 SHOULD close-code
      Deno.test(`a ${role} that reads by ${path.name} meets ${row.does}, and closes ${row.close}`, async () => {
        for (const [name, pieces] of splits(bytesOf(row, role))) await check(row, role, path, pieces, name);
      });
    }
  }
}

async function check(row: FrameRow, role: Role, path: ReadPath, pieces: Uint8Array[], name: string): Promise<void> {
  const { peer, events, closed } = await meet(role, path, row.limits);
  const code = codeOf(row, role);
  const sent: string[] = [];
  const writing = write(peer, pieces, code === null);
  while (sent.at(-1) !== "end") sent.push(await peer.frame());
  peer.leave();
  const [stream] = await Promise.all([closed, writing]);
  const fault = code === null ? [] : [`error ${code} ${row.close}`];
  assertEquals(events, [...row.messages ?? [], ...fault, `close ${row.close}`], name);
  assertEquals(
    sent.filter((frame) => !frame.startsWith("pong")).map(withoutReason),
    [`close ${row.close}`, "end"],
    name,
  );
  if (stream !== undefined) assertEquals(stream instanceof WebSocketError ? stream.code : stream, code, name);
}

/** Sends the pieces; after a clean Close, a server's TCP ends too. What a peer sends to who has gone is lost. */
async function write(peer: Awaited<ReturnType<typeof meet>>["peer"], pieces: Uint8Array[], ends: boolean) {
  try {
    for (const piece of pieces) await peer.write(piece);
    if (ends) await peer.end();
  } catch {
    // Ours has ended the connection already.
  }
}

function withoutReason(frame: string): string {
  return frame.split(" ").slice(0, 2).join(" ");
}

/** Whole, byte by byte, and in two pieces at every byte. */
function* splits(bytes: Uint8Array): Generator<[string, Uint8Array[]]> {
  yield ["whole", [bytes]];
  yield ["byte by byte", cut(bytes, 1)];
  for (let at = 1; at < bytes.length; at++) {
    if (at > 20 && at < bytes.length - 20) continue;
    yield [`split at ${at}`, [bytes.subarray(0, at), bytes.subarray(at)]];
  }
}
