import { deflateRawSync } from "node:zlib";
import type { RawPeer } from "../../support/raw_peer.ts";
import { PATIENCE } from "../patience.ts";
import { type Behavior, below, pause, repeat, type Task, within } from "./behavior.ts";
import { openRaw } from "./open_raw.ts";

/** How many there are at once. */
const PLACES = 2;

/** Compressed messages that end too early: each is answered with 1007, and nothing of it is delivered. */
export const cutMessages: Behavior = async (task) => {
  const counts = { "cut messages": 0 };
  const faults = await repeat(PLACES, task, async () => {
    await sendCut(task);
    counts["cut messages"]++;
    await pause(below(100), task);
  });
  return { counts, faults };
};

async function sendCut(task: Task): Promise<void> {
  const { peer } = await openRaw(task.port, { "Sec-WebSocket-Extensions": "permessage-deflate" });
  const text = JSON.stringify(Array.from({ length: 1 + below(200) }, () => Math.random()));
  // A final block ends the data, so that whatever lacks its end is no whole message.
  const whole = deflateRawSync(text);
  await peer.send(0xc1, whole.subarray(0, 1 + below(whole.length - 1)));
  const answer = await within("The answer to a cut message", PATIENCE, closeOf(peer));
  peer.leave();
  if (!answer.startsWith("close 1007")) throw new Error(`A cut message was answered with ${answer.slice(0, 60)}`);
}

/** The next frame that is no Ping. */
async function closeOf(peer: RawPeer): Promise<string> {
  let frame = await peer.frame();
  while (frame.startsWith("ping")) frame = await peer.frame();
  return frame;
}
