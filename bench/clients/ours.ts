/** Our client. */
import { makeClient } from "@wsd/driver";
import { drive } from "./drive.ts";

await drive(async (url, onMessage, onClose) => {
  const ws = makeClient(url);
  ws.on("message", onMessage);
  ws.on("close", onClose);
  await ws.startConnection();
  return ws;
});
