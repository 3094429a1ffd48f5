/** The handler of our servers, the same under `serve` and under `Deno.serve`. */
import { makeServer, type ServeHandler, type WebSocketDriver } from "@wsd/driver";
import { FAN_OUT, setup } from "./setup.js";

/** The load generator counts bytes, so that Pings among them would spoil its count; the others here send none either. */
const options = setup.load === "idle" ? {} : { pingInterval: 0 };

const everyone = new Set<WebSocketDriver>();

export const echo: ServeHandler = (request) => {
  const ws = makeServer(request, options);
  if (request.url.endsWith(FAN_OUT)) {
    everyone.add(ws);
    ws.on("close", () => everyone.delete(ws));
    ws.on("message", (message) => {
      for (const member of everyone) member.send(message);
    });
  } else {
    ws.on("message", (message) => ws.send(message));
  }
  ws.startConnection();
  return ws.response;
};
