import { CloseCode } from "../close_code.ts";
import { ProtocolConnection } from "../connection/protocol_connection.ts";
import { reportException } from "../connection/report_exception.ts";
import { RosterMember } from "../connection/roster.ts";
import { unsupported } from "../connection/runtime_connection.ts";
import type { DriverCore } from "../driver/driver_core.ts";
import type { DriverSide } from "../driver/driver_side.ts";
import { negotiateAsServer, type NegotiatedExtensions } from "../driver/negotiate_extensions.ts";
import type { Negotiated } from "../driver/negotiated.ts";
import { watchHandshake } from "../driver/publish.ts";
import { coreOf, WebSocketDriver } from "../driver/websocket_driver.ts";
import { ConnectionError, ErrorCode } from "../errors.ts";
import { acceptKey } from "../handshake/accept_key.ts";
import { acceptHandshake, type HandshakeRefusal, responseFields } from "../handshake/server_handshake.ts";
import { sha1 } from "../handshake/sha1.ts";
import { checkSubprotocols } from "../handshake/subprotocol.ts";
import { HandshakeError } from "../handshake_error.ts";
import type { Field } from "../http/format_head.ts";
import type { CloseInfo } from "../protocol/close_payload.ts";
import { NodeSocketTransport } from "../transport/node_socket_transport.ts";
import { StreamTransport } from "../transport/stream_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { type AccessPolicy, copyAccessPolicy } from "./access_policy.ts";
import type { Connections, OpenWebSocket } from "./connections.ts";
import { ReceivedRequest } from "./read_request.ts";
import type { RequestInfo } from "./request_info.ts";
import { RuntimeUpgrader } from "./runtime_upgrader.ts";
import { type ServerEnv, toHandshakeRequest, toRequestInfo } from "./server_env.ts";
import { checkServerOptions, type ServerOptions } from "./server_options.ts";
import { StreamUpgrader } from "./stream_upgrader.ts";
import { SwitchingProtocols } from "./switching_protocols.ts";
import type { Upgrader } from "./upgrader.ts";

export type { ServerOptions } from "./server_options.ts";

/** The entry of a {@linkcode Server} in its listener's list; null for any other value. For this package only. */
export let openWebSocketOf: (value: unknown) => OpenWebSocket | null;

/**
 * The server's side of a WebSocket connection; create one with {@linkcode makeServer}.
 *
 * @example Greet whoever connects
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => ws.send("Welcome"));
 *   return ws.accept();
 * });
 * ```
 * @category Server
 */
export class Server<Data = undefined> extends WebSocketDriver {
  /** The application's data for this connection: the option `data`. It may be changed. */
  data: Data;
  readonly #info: RequestInfo;
  /** The listener's connections, if `serve` has accepted this one. */
  readonly #connections: Connections | undefined;
  /** Answers the handshake; null once that is open or refused, so that its memory is freed. */
  #upgrader: Upgrader | null;
  #policy: AccessPolicy;
  /**
   * The response to the handshake, null before the start. A 101 is not kept once it was sent, since it would be a tenth
   * of a connection's memory.
   */
  #answer: Response | "sent" | null = null;
  /** The driver's server side, which is also its entry in the listener's list of open WebSockets. */
  readonly #side: OpenWebSocket & DriverSide;

  static {
    openWebSocketOf = (value) => typeof value === "object" && value !== null && #side in value ? value.#side : null;
  }

  /**
   * Takes a request; nothing is answered yet.
   *
   * @param env A request of `serve` or `Deno.serve`, a byte duplex with its request, or node's `"upgrade"` arguments.
   * @param options Limits, times, subprotocols, headers, data.
   * @throws {TypeError} If the env or an option is malformed, or an option is unknown.
   * @throws {RangeError} If a number is out of its range.
   */
  constructor(env: ServerEnv, options: ServerOptions<Data> = {}) {
    checkServerOptions(options);
    super(options);
    this.#core.side = this.#side = new Server.#Side(this);
    this.#core.settings.additionalHeaders.check();
    this.data = options.data as Data;
    this.#upgrader = this.#upgraderFor(env);
    this.#connections = this.#upgrader.connections;
    this.#info = this.#upgrader.info;
    if (options.remoteAddr !== undefined) this.#info.remoteAddr = options.remoteAddr;
    this.#policy = copyAccessPolicy(options);
  }

  #upgraderFor(env: ServerEnv): Upgrader {
    if (env instanceof Request) {
      return ReceivedRequest.upgraderOf(env) ??
        new RuntimeUpgrader(env, () => ({ ...this.#core.settings, maxLength: this.maxLength }));
    }
    if (typeof env !== "object" || env === null || !("request" in env)) {
      throw new TypeError(
        "Cannot create a server: expected a Request, { request, readable, writable } or { request, socket, head }, " +
          `received ${env === null ? "null" : typeof env}`,
      );
    }
    const request = toHandshakeRequest(env.request);
    const transport = "socket" in env ? new NodeSocketTransport(env.socket, env.head) : new StreamTransport(env);
    return new StreamUpgrader(request, toRequestInfo(env.request), transport, this.#core.settings);
  }

  /** The URL that the client requested: `http://example.com/chat?room=1`. */
  get url(): string {
    return this.#info.url;
  }

  /** The header fields of the client's request. */
  get headers(): Headers {
    return this.#info.headers;
  }

  /**
   * The client's address. Under `Deno.serve` and over a byte duplex it is the option `remoteAddr`, null without it.
   */
  get remoteAddr(): Deno.Addr | null {
    return this.#info.remoteAddr;
  }

  /**
   * Answers the handshake, and returns the response for the request handler to return: a 101, or the refusal. It
   * combines {@linkcode Server.startConnection} and {@linkcode Server.response}.
   *
   * @returns The response.
   * @throws {TypeError} As {@linkcode Server.startConnection}.
   *
   * @example A whole server
   * ```ts
   * import { makeServer, serve } from "@wsd/driver";
   *
   * await using server = serve({ port: 0, onListen() {} }, (request) => {
   *   const ws = makeServer(request);
   *   ws.on("message", (message) => ws.send(message));
   *   return ws.accept();
   * });
   * ```
   */
  accept(): Response {
    this.startConnection();
    return this.response;
  }

  /**
   * The response to the handshake, for the request handler to return: a 101, or the refusal. Over a byte duplex or a
   * node socket it has already been written.
   *
   * @throws {TypeError} Before {@linkcode Server.startConnection} was called.
   */
  get response(): Response {
    this.#upgrader?.onResponseTaken?.();
    if (this.#answer === "sent") return this.#composeAgain();
    if (this.#answer !== null) return this.#answer;
    throw new TypeError(
      "Cannot give the response before the handshake is answered: call startConnection() or accept()",
    );
  }

  /**
   * Checks the client's handshake by the rules of RFC 6455 §4.2 and composes the response, {@linkcode Server.response}.
   *
   * It doesn't throw for the peer's mistakes: a bad handshake ends with `"error"` and `"close"`, and the response is a
   * refusal: 405 for a method other than GET, 426 for another version, 400 for the rest. A correct handshake is
   * answered with 503 if this side was closed before it started.
   *
   * @returns True if the handshake was accepted; false if it was refused, or a connection was started before.
   * @throws {TypeError} If the request was already answered or upgraded, or is a copy of the one that the handler got,
   * or if `acceptProtocols` or `additionalHeaders` have become malformed.
   */
  startConnection(): boolean {
    if (this.#answer !== null || this.#upgrader === null) return false;
    checkSubprotocols(this.acceptProtocols);
    const fields = this.#core.settings.additionalHeaders.check();
    this.#core.handshake = watchHandshake("server");
    const handshake = acceptHandshake(this.#upgrader.request, {
      acceptProtocols: this.acceptProtocols,
      ...this.#upgrader.policy,
      ...this.#policy,
      sha1,
    });
    if (!handshake.accepted) {
      this.#refuse(handshake);
      return false;
    }
    if (this.readyState === "closed") {
      this.#refuse({ status: 503, reason: "Cannot open the connection: the server has closed it before", fields: [] });
      return false;
    }
    const { protocol } = handshake;
    const deflate = this.#upgrader.runtimeFrames ? null : this.#core.settings.perMessageDeflate;
    const { extensions, extension } = negotiateAsServer(handshake.offers, deflate);
    this.#accept(responseFields(handshake, { extensions, fields }), { protocol, extensions, extension });
    return true;
  }

  #accept(fields: Field[], negotiated: Negotiated & NegotiatedExtensions): void {
    try {
      this.#answer = this.#upgrader!.accept(fields, {
        webSocket: this.#side,
        onTransport: (transport, early) => this.#open(transport, early, negotiated),
        onConnection: (connect) => {
          this.#upgrader = null;
          this.#answer = "sent";
          this.#core.open(connect, negotiated);
        },
        onLost: (cause) => this.#onLost(cause),
      });
    } catch (error) {
      this.#upgrader = null;
      this.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
      throw error;
    }
  }

  /** Rebuilds the 101 from what is kept: the added header fields are the option's current ones. */
  #composeAgain(): Response {
    const { protocol, extensions } = this;
    const accept = acceptKey(this.headers.get("sec-websocket-key") ?? "", sha1);
    const fields = this.#core.settings.additionalHeaders.check();
    return new SwitchingProtocols(
      responseFields({ accepted: true, accept, protocol, offers: [] }, { extensions, fields }),
    );
  }

  #refuse({ status, reason, fields }: Pick<HandshakeRefusal, "reason" | "fields"> & { status: number }): void {
    const headers = new Headers([["Content-Type", "text/plain; charset=utf-8"], ...fields as [string, string][]]);
    const body = new TextEncoder().encode(`${reason}\n`);
    headers.set("Content-Length", String(body.length));
    this.#answer = this.#upgrader!.refuse(new Response(body, { status, headers }));
    this.#upgrader = null;
    this.#core.reportError(new HandshakeError(reason, { status, headers, body }));
    this.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  #open(transport: Transport, early: Uint8Array, negotiated: Negotiated & NegotiatedExtensions): void {
    this.#upgrader = null;
    this.#answer = "sent";
    if (this.readyState === "closed") return transport.close();
    const options = { ...this.#core.settings, maxLength: this.maxLength, extension: negotiated.extension };
    const connection = this.#core.open(
      (handler) => new ProtocolConnection(transport, handler, "server", options),
      negotiated,
    );
    connection.start(early);
  }

  #onLost(cause: unknown): void {
    const why = "Cannot open the connection: the answer to its handshake was not sent";
    this.#upgrader = null;
    this.#core.reportError(
      cause instanceof ConnectionError ? cause : new ConnectionError(why, ErrorCode.CONNECTION_LOST, cause),
    );
    this.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  get #core(): DriverCore {
    return coreOf(this);
  }

  /** The driver's server side. A class, since closures would cost every connection more. */
  static readonly #Side = class extends RosterMember implements DriverSide, OpenWebSocket {
    readonly ws: Server<unknown>;

    constructor(ws: Server<unknown>) {
      super();
      this.ws = ws;
    }

    /** Throws: the runtime's socket supports none of these operations. */
    checkSupport(what: string): void {
      if (this.ws.#upgrader?.runtimeFrames) throw unsupported(what);
    }

    /** Ends a connection that was not started. An accepted handshake continues, and the Close follows it. */
    abandonHandshake(): void {
      if (this.ws.#answer === null) this.ws.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
    }

    /** Also removes the connection from the listener's. */
    onEnd(info: CloseInfo): void {
      this.ws.#upgrader?.abandon?.();
      this.ws.#connections?.onClose(this, info);
    }

    /** Passes it to the listener's `onError`, if there is one. */
    reportException(exception: unknown): void {
      const connections = this.ws.#connections;
      if (connections === undefined) reportException(exception);
      else void connections.report(exception);
    }
  };
}
