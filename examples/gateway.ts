/**
 * A gateway: takes WebSockets, connects each to a server behind it, and passes messages, subprotocols and close codes
 * both ways, with backpressure.
 *
 *     deno run --allow-net examples/gateway.ts ws://localhost:5000/ [PORT]
 */
import {
  connect,
  HandshakeError,
  isSendableCloseCode,
  isWebSocket,
  makeServer,
  serve,
  type WebSocketDriver,
} from "@wsd/driver";

const [target, port = "5001"] = Deno.args;
if (target === undefined) {
  console.error("Usage: gateway.ts URL [PORT]");
  Deno.exit(2);
}

/** Passes on all messages, and then the close code. The slower side sets the pace: nothing piles up here. */
async function pass(from: WebSocketDriver, to: WebSocketDriver): Promise<void> {
  await from.readable.pipeTo(to.writable, { preventClose: true, preventAbort: true, preventCancel: true }).catch(
    () => {},
  );
  const { code, reason } = await from.closed;
  // 1005 means a Close without a code, and 1006 a connection that broke: neither may be sent.
  if (isSendableCloseCode(code)) to.close(code, reason);
  else if (code === 1005) to.close();
  else to.close(1014, "The other side is gone");
}

serve({ port: Number(port), shutdownOn: ["SIGINT", "SIGTERM"] }, async (request, { remoteAddr }) => {
  if (!isWebSocket(request)) return new Response("This is a gateway for WebSockets\n", { status: 426 });
  const { pathname, search } = new URL(request.url);
  const offered = request.headers.get("sec-websocket-protocol")?.split(",").map((name) => name.trim()) ?? [];
  const client = "hostname" in remoteAddr ? remoteAddr.hostname : "unix";
  try {
    const upstream = await connect(new URL(`.${pathname}${search}`, target), {
      acceptProtocols: offered,
      additionalHeaders: { "x-forwarded-for": client },
      signal: request.signal,
    });
    const ws = makeServer(request, { acceptProtocols: upstream.protocol === null ? [] : [upstream.protocol] });
    pass(ws, upstream);
    pass(upstream, ws);
    return ws.accept();
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    console.error(error.message);
    // Pass on the server's own refusal, such as a 401. If the server can't be reached, answer 502.
    return new Response(error.body.slice(), { status: error.status ?? 502 });
  }
});
