/** The handler of our servers, the same under `serve` and under `Deno.serve`. */
import * as driver from "@wsd/driver";
import { BROADCAST, isForAll, LEVEL, MAX_LENGTH, report, setup } from "./setup.js";

/** The exports of a checkout that has it. */
type Broadcast = (targets: Iterable<driver.WebSocketDriver>, data: string | Uint8Array) => unknown;

const { makeServer } = driver;
const { broadcast } = driver as { broadcast?: Broadcast };

const options: driver.ServerOptions = {
  // Some load generators count bytes, so that Pings would spoil their count; the others here send none either.
  ...(setup.load === "idle" ? {} : { pingInterval: 0 }),
  ...(setup.compressed ? { perMessageDeflate: { threshold: 0, level: LEVEL } } : {}),
  maxLength: MAX_LENGTH,
  // An echo that ignores backpressure, as those of the others do.
  backpressureLimit: 8 * MAX_LENGTH,
};

const everyone = new Set<driver.WebSocketDriver>();

export const echo: driver.ServeHandler = (request) => {
  const ws = makeServer(request, options);
  // No listener may refer to the request: an idle connection would keep it.
  const { url } = request;
  if (isForAll(url)) {
    everyone.add(ws);
    ws.on("close", () => everyone.delete(ws));
    ws.on("message", (message) => {
      if (broadcast !== undefined && url.endsWith(BROADCAST)) broadcast(everyone, message);
      else for (const member of everyone) member.send(message);
    });
  } else {
    ws.on("message", (message) => ws.send(message));
  }
  if (setup.reports) {
    ws.on("error", (error) => report("error", String(error)));
    ws.on("close", ({ code, reason }) => report("close", code, reason));
  }
  ws.startConnection();
  return ws.response;
};
