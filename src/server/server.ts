import { CloseCode } from "../close_code.ts";
import { ConnectionError, ErrorCode } from "../errors.ts";
import { HandshakeError } from "../handshake_error.ts";
import { checkSubprotocols } from "../handshake/subprotocol.ts";
import type { Field } from "../http/format_head.ts";
import { acceptHandshake, type HandshakeRefusal, responseFields } from "../handshake/server_handshake.ts";
import { agreeAsServer, type NegotiatedExtensions } from "../driver/compression.ts";
import { sha1 } from "../connection/deno_platform.ts";
import { ProtocolConnection } from "../connection/protocol_connection.ts";
import type { WebSocketDriverOptions } from "../driver/options.ts";
import type { DriverCore, DriverSide, Negotiated } from "../driver/driver_core.ts";
import { coreOf, WebSocketDriver } from "../driver/websocket_driver.ts";
import { NodeSocketTransport } from "../transport/node_socket_transport.ts";
import { StreamTransport } from "../transport/stream_transport.ts";
import type { Transport } from "../transport/transport.ts";
import { type AccessPolicy, checkAccessPolicy } from "./access_policy.ts";
import type { Upgrader } from "./upgrader.ts";
import { RuntimeUpgrader } from "./runtime_upgrader.ts";
import { StreamUpgrader } from "./stream_upgrader.ts";
import { serveUpgrader } from "./serve_upgrader.ts";
import { switchingProtocols } from "./switching_protocols.ts";
import { type ServerEnv, toHandshakeRequest } from "./server_env.ts";

/**
 * What {@linkcode makeServer} can be told.
 *
 * @example Short messages, a subprotocol, and a cookie
 * ```ts
 * import { makeServer, type ServerOptions } from "@wsd/driver";
 *
 * const options: ServerOptions = {
 *   maxLength: 64 * 1024,
 *   acceptProtocols: ["chat"],
 *   additionalHeaders: { "set-cookie": "seen=1" },
 *   pingInterval: 15_000,
 * };
 *
 * export function handler(request: Request): Response {
 *   const ws = makeServer(request, options);
 *   ws.on("message", (message) => ws.send(message));
 *   ws.startConnection();
 *   return ws.response;
 * }
 * ```
 */
export interface ServerOptions extends WebSocketDriverOptions, AccessPolicy {}

/**
 * The server's side of a WebSocket connection; {@linkcode makeServer} makes it.
 *
 * @example Greet whoever connects
 * ```ts
 * import { makeServer, serve } from "@wsd/driver";
 *
 * await using server = serve({ port: 0, onListen() {} }, (request) => {
 *   const ws = makeServer(request);
 *   ws.on("open", () => ws.send("Welcome"));
 *   ws.startConnection();
 *   return ws.response;
 * });
 * ```
 */
export class Server extends WebSocketDriver {
  readonly #backend: Upgrader;
  readonly #policy: AccessPolicy;
  #started = false;
  #observed = false;
  #response: Response | null = null;
  /** Those of the 101. */
  #fields: Field[] | null = null;

  /**
   * Takes a request; nothing is answered yet.
   *
   * @param env A request of `serve` or `Deno.serve`, a byte duplex with its request, or what node's `"upgrade"` gives.
   * @param options Limits, times, subprotocols, headers.
   * @throws {TypeError} Where the env or an option is malformed.
   * @throws {RangeError} Where a number is out of its range.
   */
  constructor(env: ServerEnv, options: ServerOptions = {}) {
    super(options);
    this.#core.side = new Server.#Side(this);
    this.#core.settings.additionalHeaders.check();
    checkAccessPolicy(options);
    this.#backend = this.#backendFor(env);
    const allowedOrigins = options.allowedOrigins ?? this.#backend.policy?.allowedOrigins;
    const allowedHosts = options.allowedHosts ?? this.#backend.policy?.allowedHosts;
    this.#policy = {
      ...(allowedOrigins && { allowedOrigins: [...allowedOrigins] }),
      ...(allowedHosts && { allowedHosts: [...allowedHosts] }),
    };
  }

  get #core(): DriverCore {
    return coreOf(this);
  }

  #backendFor(env: ServerEnv): Upgrader {
    if (env instanceof Request) {
      return serveUpgrader(env) ??
        new RuntimeUpgrader(env, () => ({ ...this.#core.settings, maxLength: this.maxLength }));
    }
    if (typeof env !== "object" || env === null || !("request" in env)) {
      throw new TypeError(
        "Cannot make a server from what is no Request, no { request, readable, writable } and no " +
          `{ request, socket, head }: received ${env === null ? "null" : typeof env}`,
      );
    }
    const transport = "socket" in env ? new NodeSocketTransport(env.socket, env.head) : new StreamTransport(env);
    return new StreamUpgrader(toHandshakeRequest(env.request), transport, this.#core.settings);
  }

  /**
   * The answer to the handshake, for the handler of requests to return: a 101, or the refusal. Over a byte duplex or a
   * node socket it is written already.
   *
   * @throws {TypeError} As long as {@linkcode Server.startConnection} was not called.
   */
  get response(): Response {
    if (this.#response !== null) return this.#response;
    if (this.#fields !== null) return this.#response = switchingProtocols(this.#fields);
    throw new TypeError("Cannot give the response before the connection is started: call startConnection() first");
  }

  /**
   * Judges the client's handshake by the rules of RFC 6455 §4.2 and composes the answer, {@linkcode Server.response}.
   *
   * It doesn't throw for what a peer sent: a bad handshake ends as an `"error"` and a `"close"`, and its refusal is the
   * response: 405 for another method than GET, 426 for another version, 400 for the rest. A handshake that breaks no rule
   * is answered with 503 where this side was closed before it began.
   *
   * A request that neither `serve` nor `Deno.serve` has passed to its handler, such as a copy of one, never opens: the
   * runtime doesn't tell it apart, so that an `"error"` and a `"close"` come at `handshakeTimeout`.
   *
   * @returns True where the handshake was accepted; false where it was refused, or a connection was started before.
   * @throws {TypeError} Where the request was answered or upgraded before, or where `acceptProtocols` or
   * `additionalHeaders` have become malformed.
   */
  startConnection(): boolean {
    if (this.#started) return false;
    checkSubprotocols(this.acceptProtocols);
    const fields = this.#core.settings.additionalHeaders.check();
    this.#started = true;
    const handshake = acceptHandshake(this.#backend.request, {
      acceptProtocols: this.acceptProtocols,
      requireHost: this.#backend.requiresHost,
      ...this.#policy,
      sha1,
    });
    if (!handshake.accepted) {
      this.#refuse(handshake);
      return false;
    }
    if (this.readyState === "closed") {
      this.#refuse({ accepted: false, status: 503, reason: "Cannot open what was closed before it began", fields: [] });
      return false;
    }
    const { protocol } = handshake;
    const deflate = this.#backend.takesExtensions ? this.#core.settings.perMessageDeflate : null;
    const { extensions, extension } = agreeAsServer(handshake.offers, deflate);
    const agreed: Negotiated = { protocol, extensions };
    const answer = responseFields(handshake, { extensions, fields });
    this.#response = this.#backend.accept(answer, {
      onTransport: (transport, early) => this.#open(transport, early, { ...agreed, extension }),
      onConnection: (connect) => this.#core.open(connect, agreed),
      onLost: (cause) => this.#onLost(cause),
    });
    this.#fields = answer;
    return true;
  }

  #refuse({ status, reason, fields }: Omit<HandshakeRefusal, "status"> & { status: number }): void {
    const headers = new Headers([["Content-Type", "text/plain; charset=utf-8"], ...fields as [string, string][]]);
    const body = new TextEncoder().encode(`${reason}\n`);
    headers.set("Content-Length", String(body.length));
    this.#response = this.#backend.refuse(new Response(body, { status, headers }));
    this.#core.fail(new HandshakeError(reason, { status, headers, body }));
    this.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  #open(transport: Transport, early: Uint8Array, agreed: Negotiated & NegotiatedExtensions): void {
    if (this.readyState === "closed") {
      transport.close();
      return this.#backend.observer?.onClose(this);
    }
    const { maxFragments, closeTimeout, highWaterMark } = this.#core.settings;
    const { maxLength } = this;
    const { extension } = agreed;
    const options = { maxLength, maxFragments, closeTimeout, highWaterMark, extension };
    let connection!: ProtocolConnection;
    // It was sent, and takes 1.2 KiB: a tenth of an idle connection (Deno 2.9.6). Who asks for it again gets a copy.
    this.#response = null;
    this.#observed = true;
    this.#backend.observer?.onOpen(this);
    this.#core.open((handler) => connection = new ProtocolConnection(transport, handler, "server", options), agreed);
    connection.start(early);
  }

  #onLost(cause: unknown): void {
    const why = "Cannot open the connection as its handshake's answer was not sent";
    this.#core.fail(
      cause instanceof ConnectionError ? cause : new ConnectionError(why, ErrorCode.CONNECTION_LOST, cause),
    );
    this.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
  }

  /** What the driver asks of its side. A class, since closures would cost every connection more. */
  static readonly #Side = class implements DriverSide {
    readonly #ws: Server;

    constructor(ws: Server) {
      this.#ws = ws;
    }

    checkSupport(what: string): void {
      this.#ws.#backend.checkSupport?.(what);
    }

    /** Ends what was not started; a handshake that was accepted goes on, and the Close follows it. */
    abandonHandshake(): void {
      if (!this.#ws.#started) this.#ws.#core.end({ code: CloseCode.ABNORMAL_CLOSURE, reason: "" });
    }

    /** Tells the web server below too. */
    onEnd(): void {
      const ws = this.#ws;
      ws.#backend.abandon?.();
      if (ws.#observed) ws.#backend.observer?.onClose(ws);
      ws.#observed = false;
    }

    /** Leaves it to the web server below, if that has a place for faults of the application. */
    report(fault: unknown): void {
      const { observer } = this.#ws.#backend;
      if (observer !== undefined) observer.report(fault);
      else reportError(fault);
    }
  };
}
