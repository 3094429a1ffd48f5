/**
 * A client of one of those that are asked; prints whether it opened.
 *
 * @module
 */
import { makeClient } from "@wsd/driver";

const [subject, text] = Deno.args;
const { port, maxLength, maxFragments, protocols } = JSON.parse(text);
const url = `ws://127.0.0.1:${port}/`;

if (subject === "@wsd/driver") {
  const perMessageDeflate = { threshold: 0 };
  const ws = makeClient(url, { maxLength, maxFragments, acceptProtocols: protocols, perMessageDeflate });
  ws.on("error", () => {});
  tell(await ws.startConnection().catch(() => false));
} else if (subject === "npm ws") {
  const { default: WebSocketOfWs } = await import("npm:ws@8.23.0");
  const socket = new WebSocketOfWs(url, protocols, {
    perMessageDeflate: true,
    ...(maxLength === undefined ? {} : { maxPayload: maxLength }),
    ...(maxFragments === undefined ? {} : { maxFragments }),
  });
  socket.on("open", () => tell(true));
  socket.on("error", () => tell(false));
} else {
  const socket = new WebSocket(url, protocols);
  socket.onopen = () => tell(true);
  socket.onerror = () => tell(false);
}

function tell(opened: boolean): void {
  console.log(opened ? "opened" : "refused");
}
