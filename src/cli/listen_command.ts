import { messageOf } from "../connection/message_of.ts";
import { makeServer } from "../server/make_server.ts";
import { serve } from "../server/serve.ts";
import type { Server } from "../server/server.ts";
import type { Command } from "./arguments.ts";
import { readBinary } from "./binary_notation.ts";
import { complain, type Console } from "./console.ts";
import { escapeControls } from "./escape.ts";
import { ExitCode } from "./exit_code.ts";
import { onInterrupt } from "./on_interrupt.ts";

/** The address to listen on. */
export type ListenAddress = NonNullable<Command["listen"]>;

/**
 * Runs a server: sends each line to all clients, and shows what each of them sends.
 *
 * @param command The command.
 * @param address The address to listen on.
 * @param console The source of lines, and the output for events.
 * @returns The exit code.
 */
export async function listenCommand(command: Command, address: ListenAddress, console: Console): Promise<ExitCode> {
  const everybody = new Set<Server>();
  const ended = Promise.withResolvers<void>();
  let count = 0;
  /** Whether the message of `--once` was shown: others may arrive with it. */
  let shownOne = false;
  const accept = (request: Request): Response => {
    const ws = makeServer(request, serverOptions(command));
    const from = ++count;
    ws.on("open", () => {
      everybody.add(ws);
      const { protocol, extensions } = ws;
      void console.show({ type: "open", url: request.url.replace(/^http/, "ws"), protocol, extensions, from });
    });
    ws.on("message", async (data) => {
      if (shownOne) return;
      shownOne = command.once;
      ws.pause();
      await console.show({ type: "message", data, from });
      if (command.once) ended.resolve();
      ws.resume();
    });
    ws.on("close", ({ code, reason }) => {
      if (everybody.delete(ws)) void console.show({ type: "close", code, reason, from });
    });
    return ws.accept();
  };
  await using server = listen(address, accept, console);
  if (server === null) return ExitCode.NOT_REACHED;
  const stopListening = onInterrupt(ended.resolve);
  console.outputGone.addEventListener("abort", () => ended.resolve());
  const talking = talk(command, console, everybody).then((goOn) => goOn ? undefined : ended.resolve());
  await ended.promise;
  stopListening();
  console.close();
  await talking;
  return ExitCode.CLEAN;
}

function listen({ hostname, port }: ListenAddress, accept: (request: Request) => Response, console: Console) {
  try {
    return serve({
      hostname,
      port,
      onListen: ({ hostname, port }) => {
        const host = hostname.includes(":") ? `[${hostname}]` : hostname;
        void console.show({ type: "listening", url: `ws://${host}:${port}/` });
        if (!console.interactive) complain(`Listening on ws://${host}:${port}/`);
      },
    }, accept);
  } catch (error) {
    complain(escapeControls(messageOf(error)));
    return null;
  }
}

/** Sends the input to everybody. Ending typed input ends the program; the end of a pipe doesn't. */
async function talk({ binary }: Command, console: Console, everybody: Set<Server>): Promise<boolean> {
  for await (const line of console.lines()) {
    if (console.interactive && line === "") continue;
    try {
      const message = binary === null || binary === "raw" ? line : readBinary(line, binary);
      for (const ws of everybody) ws.send(message);
    } catch (error) {
      const text = messageOf(error);
      if (console.interactive) void console.show({ type: "note", text });
      else complain(escapeControls(text));
    }
  }
  return !console.interactive;
}

function serverOptions({ protocols, headers, compress, ping }: Command) {
  return {
    acceptProtocols: protocols,
    additionalHeaders: headers.map(([name, value]): [string, string] => [name, value]),
    perMessageDeflate: compress,
    ...(ping === undefined ? {} : { pingInterval: ping }),
  };
}
