import type { Connection, ConnectionHandler } from "../connection/connection.ts";
import type { AcceptHandshakeOptions, HandshakeRequest } from "../handshake/server_handshake.ts";
import type { Field } from "../http/format_head.ts";
import type { Transport } from "../transport/transport.ts";
import type { AccessPolicy } from "./access_policy.ts";
import type { Connections, OpenWebSocket } from "./connections.ts";
import type { RequestInfo } from "./request_info.ts";

/** Who may connect, and whether `Host` must still be checked. */
export type HandshakePolicy = AccessPolicy & Pick<AcceptHandshakeOptions, "requireHost">;

/** Receives the connection of an accepted handshake, with one call of one of these methods. */
export interface UpgradeHandler {
  /** The WebSocket that the connection is for, for the listener's count of them. */
  readonly webSocket: OpenWebSocket;
  /**
   * The 101 was sent: the connection is open on a transport of bytes.
   *
   * @param transport The transport.
   * @param early Bytes that followed the request's head.
   */
  onTransport(transport: Transport, early: Uint8Array): void;
  /**
   * The 101 was sent: the connection is open on something that does its own framing.
   *
   * @param connect Creates the connection.
   */
  onConnection(connect: (handler: ConnectionHandler) => Connection): void;
  /**
   * The 101 could not be sent.
   *
   * @param cause The error.
   */
  onLost(cause: unknown): void;
}

/**
 * Answers the handshake for a {@linkcode Server}. There are three: {@linkcode HttpConnection} under `serve`,
 * {@linkcode StreamUpgrader} over a byte duplex or a node socket, {@linkcode RuntimeUpgrader} under `Deno.serve`.
 */
export interface Upgrader {
  /** The client's request, as the handshake checks it. */
  readonly request: HandshakeRequest;
  /** The client's request, as the user sees it. */
  readonly info: RequestInfo;
  /** The default policy for checking the handshake. */
  readonly policy?: HandshakePolicy;
  /** Whether the runtime frames the messages: then nothing can be done that its socket can't, such as extensions. */
  readonly runtimeFrames: boolean;
  /** The connections that this one is counted among, if `serve` has accepted it. */
  readonly connections?: Connections;
  /**
   * Accepts the handshake.
   *
   * @param fields The header fields of the 101.
   * @param handler Receives the connection.
   * @returns The 101, for the request handler to return.
   * @throws {TypeError} If the request can't be upgraded, or can't any more.
   */
  accept(fields: Field[], handler: UpgradeHandler): Response;
  /**
   * Refuses the handshake.
   *
   * @param refusal The refusal.
   * @returns The response, for the request handler to return.
   */
  refuse(refusal: Response): Response;
  /** The caller has taken the response of {@linkcode Upgrader.accept}, to return it. */
  onResponseTaken?(): void;
  /** Abandons an accepted handshake, if it would otherwise continue. */
  abandon?(): void;
}
