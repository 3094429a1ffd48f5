import { DEFAULT_TIMEOUT } from "../check_integer.ts";
import { SharedTimeout } from "../connection/shared_timeout.ts";
import { REQUEST_HEAD_LIMITS } from "../http/head_limits.ts";
import type { Transport } from "../transport/transport.ts";
import { HttpSocket } from "./http_socket.ts";
import { makeRequest, readHead, ReceivedRequest } from "./read_request.ts";
import { RequestInfo } from "./request_info.ts";
import { Server, type ServerOptions } from "./server.ts";
import { StreamUpgrader } from "./stream_upgrader.ts";

const ORIGIN = new URL("http://localhost/");

/**
 * Accepts one WebSocket on a transport: reads the request's head, checks it, and responds, as `serve` does for each
 * connection.
 *
 * @param transport A transport from which nothing was read yet.
 * @param options Limits, times, subprotocols, headers.
 * @returns The server's side, once it is open. Rejects if the handshake fails.
 */
export async function acceptOn<Data = undefined>(
  transport: Transport,
  options: ServerOptions<Data>,
): Promise<Server<Data>> {
  const server = await makeServerOn(transport, options);
  server.startConnection();
  await server.opened;
  return server;
}

async function makeServerOn<Data>(transport: Transport, options: ServerOptions<Data>): Promise<Server<Data>> {
  const { handshakeTimeout = DEFAULT_TIMEOUT, closeTimeout = DEFAULT_TIMEOUT } = options;
  const socket = new HttpSocket(transport, handshakeTimeout, () => transport.close());
  const stop = SharedTimeout.after(handshakeTimeout, () => transport.close());
  try {
    const head = await readHead(socket, REQUEST_HEAD_LIMITS);
    if (head === null) throw new TypeError("Cannot accept the connection: it has ended before its request");
    const request = makeRequest(head, socket, ORIGIN);
    const info = new RequestInfo(request.url, head.fields, null);
    const released = socket.release();
    const times = { handshakeTimeout, closeTimeout };
    ReceivedRequest.setUpgrader(request, new StreamUpgrader(head, info, released.transport, times, released.early));
    return new Server(request, options);
  } catch (error) {
    transport.close();
    throw error;
  } finally {
    stop();
  }
}
