import { serve, upgradeWebSocket, type WebSocket } from "../../mod.ts";

/**
 * A server whose sockets are handed to a test.
 *
 * @param onSocket Gets each socket.
 * @param runtime Whether `Deno.serve` is below it.
 * @param onError Gets the faults of the application.
 * @returns Its URL.
 */
export function serveSockets(
  onSocket: (socket: WebSocket) => void = () => {},
  runtime = false,
  onError: (fault: unknown) => Response = () => new Response(null, { status: 500 }),
) {
  const handler = (request: Request) => {
    const { socket, response } = upgradeWebSocket(request, { acceptProtocols: ["beta"] });
    onSocket(socket);
    return response;
  };
  const options = { hostname: "127.0.0.1", port: 0, onListen() {}, onError };
  const server = runtime ? Deno.serve(options, handler) : serve(options, handler);
  const { port } = server.addr as Deno.NetAddr;
  return { url: `ws://127.0.0.1:${port}/`, [Symbol.asyncDispose]: () => server.shutdown() };
}

/** Sends back what comes. */
export function echo(socket: WebSocket): void {
  socket.onmessage = ({ data }) => socket.send(data);
}

/** The next event of a type. */
export function next<Type extends keyof WebSocketEventMap>(
  socket: EventTarget,
  type: Type,
): Promise<WebSocketEventMap[Type]> {
  return new Promise((resolve) => {
    socket.addEventListener(type, (event) => resolve(event as WebSocketEventMap[Type]), { once: true });
  });
}
