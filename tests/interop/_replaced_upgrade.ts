import { serve, upgradeWebSocket } from "../../mod.ts";

/** A handler of `Deno.serve`. */
export type Handler = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => Response | Promise<Response>;

/**
 * Serves with our upgradeWebSocket in the place of the runtime's own.
 *
 * @param kind What is below: `"serve"` or `"Deno.serve"`.
 * @param handler The handler.
 * @returns The URL of a WebSocket there. Its disposal gives the runtime's own back.
 */
export function listen(kind: string, handler: Handler) {
  const runtimes = Deno.upgradeWebSocket;
  Deno.upgradeWebSocket = upgradeWebSocket as typeof Deno.upgradeWebSocket;
  const options = { hostname: "127.0.0.1", port: 0, onListen() {} };
  const server = kind === "serve" ? serve(options, handler as never) : Deno.serve(options, handler);
  return {
    url: `ws://127.0.0.1:${(server.addr as Deno.NetAddr).port}/ws`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      Deno.upgradeWebSocket = runtimes;
    },
  };
}
