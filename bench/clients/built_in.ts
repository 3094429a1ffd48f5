/** The runtime's own client. */
import { drive } from "./drive.ts";

await drive(async (url, onMessage, onClose) => {
  const ws = new WebSocket(url);
  ws.binaryType = "arraybuffer";
  ws.onmessage = ({ data }) => onMessage(data);
  ws.onclose = onClose;
  await new Promise((resolve) => ws.onopen = resolve);
  return ws;
});
