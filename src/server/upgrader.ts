import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import type { Field } from "../http/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import type { Connection, ConnectionHandler } from "../connection/connection.ts";
import type { Transport } from "../transport/transport.ts";
import type { AccessPolicy } from "./access_policy.ts";

/** What a {@linkcode Upgrader} tells the server whose handshake it carries out. */
export interface UpgradeHandler {
  /**
   * The answer was sent: the connection is open on a transport of bytes.
   *
   * @param transport The transport.
   * @param early Bytes that came behind the request's head.
   */
  onTransport(transport: Transport, early: Uint8Array): void;
  /**
   * The answer was sent: the connection is open on something that frames by itself.
   *
   * @param connect Makes the connection.
   */
  onConnection(connect: (handler: ConnectionHandler) => Connection): void;
  /**
   * The answer could not be sent.
   *
   * @param cause Why.
   */
  onLost(cause: unknown): void;
}

/** What a web server is told of the connections it has opened. */
export interface UpgradeObserver {
  /**
   * A connection is open.
   *
   * @param ws The driver.
   */
  onOpen(ws: WebSocketDriver): void;
  /**
   * A connection has ended.
   *
   * @param ws The driver.
   */
  onClose(ws: WebSocketDriver): void;
  /**
   * A listener of the application threw, and nobody listens for errors.
   *
   * @param fault What it threw.
   */
  report(fault: unknown): void;
}

/** The web server below a {@linkcode Server}: what sends the answer to the handshake. */
export interface Upgrader {
  /** The client's request. */
  readonly request: HandshakeRequest;
  /** Whether the request must hold a `Host`; not where the web server has taken it out. */
  readonly requiresHost: boolean;
  /** Whether extensions can be agreed on: where this package's own protocol frames the messages. */
  readonly takesExtensions: boolean;
  /**
   * Accepts the handshake.
   *
   * @param fields The header fields of the 101.
   * @param handler Who gets the connection.
   * @returns The answer, for the handler of requests to return.
   */
  accept(fields: Field[], handler: UpgradeHandler): Response;
  /**
   * Refuses the handshake.
   *
   * @param refusal The answer.
   * @returns The answer, for the handler of requests to return.
   */
  refuse(refusal: Response): Response;
  /** Who may connect where the caller says nothing else. */
  readonly policy?: AccessPolicy;
  /**
   * Checks that the connection will be able to do something.
   *
   * @param what What, for the error.
   * @throws {TypeError} Where it won't.
   */
  checkSupport?(what: string): void;
  /** Gives up a handshake that was accepted, where the backend would go on by itself. */
  abandon?(): void;
  /** Who is told of the connection's life, where the web server wants to know. */
  readonly observer?: UpgradeObserver;
}
