/** npm `ws`, as a client on Deno. */
import { createRequire } from "node:module";
import { type ClientConnection, drive, task } from "./drive.ts";

/** The part of the package that is used. */
interface Socket extends ClientConnection {
  on(event: "message", listener: (data: Uint8Array, binary: boolean) => void): void;
  on(event: "open" | "close", listener: () => void): void;
}

const WebSocket = createRequire(task.modules)("ws") as new (url: string, options: object) => Socket;

await drive(async (url, onMessage, onClose) => {
  const ws = new WebSocket(url, { perMessageDeflate: false });
  ws.on("message", (data, binary) => onMessage(binary ? data : data.toString()));
  ws.on("close", onClose);
  await new Promise<void>((resolve) => ws.on("open", resolve));
  return ws;
});
