import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import type { Field } from "../http/format_head.ts";
import type { AcceptHandshakeOptions, HandshakeRequest } from "../handshake/server_handshake.ts";
import type { Connection, ConnectionHandler } from "../connection/connection.ts";
import type { Transport } from "../transport/transport.ts";
import type { AccessPolicy } from "./access_policy.ts";
import type { Connections } from "./connections.ts";
import type { RequestInfo } from "./request_info.ts";

/** Who may connect, and whether `Host` is still to be checked. */
export type HandshakePolicy = AccessPolicy & Pick<AcceptHandshakeOptions, "requireHost">;

/** Gets the connection of a handshake that was accepted, by one call of one of these. */
export interface UpgradeHandler {
  /** The driver that the connection is for. */
  readonly ws: WebSocketDriver;
  /**
   * The 101 was sent: the connection is open on a transport of bytes.
   *
   * @param transport The transport.
   * @param early Bytes that came behind the request's head.
   */
  onTransport(transport: Transport, early: Uint8Array): void;
  /**
   * The 101 was sent: the connection is open on something that frames by itself.
   *
   * @param connect Makes the connection.
   */
  onConnection(connect: (handler: ConnectionHandler) => Connection): void;
  /**
   * The 101 could not be sent.
   *
   * @param cause Why.
   */
  onLost(cause: unknown): void;
}

/**
 * What a {@linkcode Server} has its handshake answered by. There are three: {@linkcode HttpConnection} under `serve`,
 * {@linkcode StreamUpgrader} over a byte duplex or a node socket, {@linkcode RuntimeUpgrader} under `Deno.serve`.
 */
export interface Upgrader {
  /** The client's request, as the rules of the handshake see it. */
  readonly request: HandshakeRequest;
  /** The client's request, as users see it. */
  readonly info: RequestInfo;
  /** What the handshake is checked by, unless the caller says otherwise. */
  readonly policy?: HandshakePolicy;
  /** Whether the runtime frames the messages: then nothing can be done that its socket can't, such as extensions. */
  readonly runtimeFrames: boolean;
  /** The connections that this one is counted among, if `serve` has accepted it. */
  readonly connections?: Connections;
  /**
   * Accepts the handshake.
   *
   * @param fields The header fields of the 101.
   * @param handler Gets the connection.
   * @returns The 101, for the handler of requests to return.
   * @throws {TypeError} If the request can't be upgraded, or no more.
   */
  accept(fields: Field[], handler: UpgradeHandler): Response;
  /**
   * Refuses the handshake.
   *
   * @param refusal The answer.
   * @returns The answer, for the handler of requests to return.
   */
  refuse(refusal: Response): Response;
  /** The caller has taken the response of {@linkcode Upgrader.accept}, to return it. */
  onResponseTaken?(): void;
  /** Gives up a handshake that was accepted, if it would go on by itself. */
  abandon?(): void;
}

/** The upgraders of requests that this package has read itself. */
const upgraders = new WeakMap<Request, Upgrader>();

/**
 * Says what is to answer the handshake of a request.
 *
 * @param request The request that a handler gets.
 * @param upgrader What answers it.
 */
export function setUpgrader(request: Request, upgrader: Upgrader): void {
  upgraders.set(request, upgrader);
}

/**
 * Finds what answers the handshake of a request.
 *
 * @param request Any request.
 * @returns The upgrader, if this package has read the request.
 */
export function upgraderOf(request: Request): Upgrader | undefined {
  return upgraders.get(request);
}
