import { STATUS_CODE } from "@std/http/status";
import { RosterMember } from "../connection/roster.ts";
import { SharedTimeout } from "../connection/shared_timeout.ts";
import { type Field, formatResponseHead } from "../http/format_head.ts";
import { isAllowedHost } from "../http/host.ts";
import { listContains } from "../http/list_contains.ts";
import type { RequestHead } from "../http/request_head_parser.ts";
import type { Transport } from "../transport/transport.ts";
import { checkHandlerResponse } from "./check_handler_response.ts";
import type { Connections, PendingConnection } from "./connections.ts";
import { HandlerInfo } from "./handler_info.ts";
import { HttpSocket } from "./http_socket.ts";
import { makeRequest, readHead, ReceivedRequest } from "./read_request.ts";
import { RequestError } from "./request_error.ts";
import { RequestInfo } from "./request_info.ts";
import type { ServeSettings } from "./serve_options.ts";
import { SwitchingProtocols } from "./switching_protocols.ts";
import type { HandshakePolicy, UpgradeHandler, Upgrader } from "./upgrader.ts";
import { type AnsweredRequest, writeResponse } from "./write_response.ts";

/** How long a dismissed client may take to read the reason, in milliseconds. */
const GOODBYE = 1000;

/**
 * How long a handler may take before its client is watched for leaving, in milliseconds. Most have responded by then,
 * and need no extra read.
 */
const WATCH_AFTER = 50;

/** The promise of every handler that has not asked for `completed` by the time it is due. */
const COMPLETED = Promise.withResolvers<void>();

/**
 * The state of a connection: its request is read, a handler has it, the response is written. A client that is refused
 * before its request was read is dismissed.
 */
type State = "receiving" | "handling" | "answering" | "dismissed" | "upgraded" | "ended";

/**
 * One connection that `serve` has accepted, from its request to the end of the response, or to the 101. After that, the
 * {@linkcode Server} owns it.
 */
export class HttpConnection extends RosterMember implements Upgrader, PendingConnection {
  /** False: this package does. */
  readonly runtimeFrames: boolean = false;
  /** The listener's connections, of which this is one. */
  readonly connections: Connections;
  readonly #settings: ServeSettings;
  readonly #origin: URL;
  readonly #remoteAddr: Deno.Addr;
  readonly #socket: HttpSocket;

  #state: State = "receiving";
  #head: RequestHead | null = null;
  #request: ReceivedRequest | null = null;
  /** The reason that the request's signal aborts with; null unless the client has left or stalled. */
  #left: DOMException | null = null;
  /** Receives the connection once a handshake was accepted. */
  #upgrade: UpgradeHandler | null = null;
  #stopTimer: (() => void) | null = null;
  /** The promise `completed` of the handler; null until it asks for it, or it is due. */
  #completed: PromiseWithResolvers<void> | null = null;

  /**
   * @param transport The connection's bytes.
   * @param remoteAddr The client's address.
   * @param origin The scheme and the authority for requests that name none.
   * @param settings The listener's settings.
   * @param connections The listener's connections.
   */
  constructor(
    transport: Transport,
    remoteAddr: Deno.Addr,
    origin: URL,
    settings: ServeSettings,
    connections: Connections,
  ) {
    super();
    this.connections = connections;
    this.#settings = settings;
    this.#origin = origin;
    this.#remoteAddr = remoteAddr;
    this.#socket = new HttpSocket(transport, settings.handshakeTimeout, () => this.#onStall());
  }

  /**
   * Reads the request and responds to it, or says that there are too many connections. Never rejects.
   *
   * @returns A promise that resolves when the connection has ended or become a WebSocket. A stalling client may keep it
   * from resolving, but can't keep the connection's place.
   */
  async run(): Promise<void> {
    try {
      if (this.connections.add(this)) await this.#serve();
      else await this.#dismissExcess();
    } catch (error) {
      if (error instanceof RequestError) await this.#refuse(error);
    }
    if (this.#state !== "upgraded") this.#end();
  }

  /** Ends the connection unless a handler has its request. */
  endIfIdle(): void {
    if (this.#state === "receiving" || this.#state === "dismissed") this.#end();
  }

  /** Frees the connection's place, even if reads or writes are still pending. */
  #end(): void {
    if (this.#state === "ended") return;
    this.#state = "ended";
    this.#stop();
    this.#socket.close();
    this.#complete();
    this.connections.onEnd(this);
  }

  #complete(): void {
    (this.#completed ??= COMPLETED).resolve();
  }

  /** The client makes a read or a write wait for too long. */
  #onStall(): void {
    if (this.#state === "handling") this.#onLeft("The client has stalled before it was answered");
    else this.#end();
  }

  /** The client has left while the handler had its request, or has stalled in its body. */
  #onLeft(why = "The client has left before it was answered"): void {
    if (this.#state !== "handling") return;
    this.#left = new DOMException(why, "AbortError");
    this.#end();
    ReceivedRequest.abort(this.#request!, this.#left);
    this.#giveUpUpgrade(this.#left);
  }

  #giveUpUpgrade(cause: unknown): void {
    this.#upgrade?.onLost(cause);
    this.#upgrade = null;
  }

  // The request.

  async #serve(): Promise<void> {
    const head = await this.#receive();
    if (head === "timeout") return await this.#dismissSlow();
    if (head === null) return;
    this.#state = "handling";
    const response = await this.#handle(await this.#makeRequest(head));
    if (response === null) return;
    if (response.status === STATUS_CODE.SwitchingProtocols) await this.#switchProtocols(response);
    else await this.#respond(response, head);
  }

  async #receive(): Promise<RequestHead | null | "timeout"> {
    const { handshakeTimeout, headLimits } = this.#settings;
    const timeout = new Promise<"timeout">((resolve) => {
      this.#stopTimer = SharedTimeout.after(handshakeTimeout, () => resolve("timeout"));
    });
    try {
      return await Promise.race([readHead(this.#socket, headLimits), timeout]);
    } finally {
      this.#stop();
    }
  }

  #stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = null;
  }

  async #makeRequest(head: RequestHead): Promise<ReceivedRequest> {
    const { allowedHosts } = this.#settings.policy;
    if (allowedHosts !== undefined && !isAllowedHost(head.fields.get("host"), allowedHosts)) {
      throw new RequestError(STATUS_CODE.Forbidden, "Cannot serve the request: Host must be one of the allowed hosts");
    }
    const request = makeRequest(head, this.#socket, this.#origin);
    this.#head = head;
    this.#request = request;
    ReceivedRequest.setUpgrader(request, this);
    if (request.body !== null && this.#expectsContinue(head)) await this.#socket.send(formatResponseHead(100, []));
    return request;
  }

  /**
   * RFC 9110 §10.1.1: "The origin server MUST NOT wait for the content before sending the 100 (Continue) response."
   * None is due if some of the content has come, and to HTTP/1.0.
   */
  #expectsContinue({ version, fields }: RequestHead): boolean {
    return this.#socket.buffered === 0 && version !== "1.0" && listContains(fields.get("expect"), "100-continue");
  }

  // The response.

  /** Calls the handler. Its errors and mistakes are reported; null if the client has left meanwhile. */
  async #handle(request: ReceivedRequest): Promise<Response | null> {
    const completed = () => (this.#completed ??= Promise.withResolvers()).promise;
    const info = new HandlerInfo(this.#remoteAddr, completed);
    try {
      const answer = this.#settings.handler(request, info);
      if (!(answer instanceof Response)) this.#watchSoon();
      const response = await answer;
      this.#stopWatching();
      if (this.#left !== null) return discard(response);
      this.#checkAnswer(response);
      return response;
    } catch (fault) {
      this.#stopWatching();
      this.#giveUpUpgrade(fault);
      // A handler that stopped because the client left is not at fault.
      if (this.#left !== null && fault === this.#left) return null;
      const response = await this.connections.report(fault);
      return this.#left === null ? response : discard(response);
    }
  }

  #watchSoon(): void {
    this.#stopTimer = SharedTimeout.after(WATCH_AFTER, () => this.#socket.watch(() => this.#onLeft()));
  }

  #stopWatching(): void {
    this.#stop();
    if (this.#state === "handling") this.#state = "answering";
  }

  #checkAnswer(response: unknown): asserts response is Response {
    try {
      checkHandlerResponse(response);
    } catch (error) {
      throw this.#upgrade === null ? error : new TypeError(`${(error as Error).message}: ${RETURN_IT}`);
    }
    const upgrades = response.status === STATUS_CODE.SwitchingProtocols;
    if (upgrades === (this.#upgrade !== null)) return;
    throw new TypeError(
      upgrades
        ? "Cannot upgrade the connection: the handler returned a 101 of its own. Return ws.accept() of a makeServer() that was " +
          "given the handler's request, no copy of it"
        : "Cannot open the WebSocket: the handler returned another response, with status " +
          `${response.status}: ${RETURN_IT}`,
    );
  }

  async #switchProtocols(response: Response): Promise<void> {
    const upgrade = this.#upgrade!;
    try {
      await this.#socket.send(formatResponseHead(response.status, SwitchingProtocols.fieldsOf(response)));
    } catch (cause) {
      return upgrade.onLost(cause);
    }
    if (upgrade.webSocket.ws.readyState === "closed") return;
    this.#state = "upgraded";
    this.#complete();
    const { transport, early } = this.#socket.release();
    this.connections.onOpen(this, upgrade.webSocket);
    this.#forgetRequest();
    upgrade.onTransport(transport, early);
  }

  /** A listener that refers to the request keeps this object too, for as long as the WebSocket lives. */
  #forgetRequest(): void {
    this.#head = null;
    this.#request = null;
    this.#upgrade = null;
  }

  async #respond(response: Response, request?: AnsweredRequest): Promise<void> {
    try {
      await writeResponse(this.#socket, response, request);
      this.#complete();
      // A client that doesn't end the connection then has as long as for its request.
      this.#stopTimer ??= SharedTimeout.after(this.#settings.handshakeTimeout, () => this.#end());
      await this.#socket.end();
    } catch (error) {
      // If the client is at fault, nobody is left to respond to. Otherwise the body has failed.
      if (!this.#socket.failed && !this.#hasEnded()) void this.connections.report(error);
    }
  }

  /** A method, because the compiler would otherwise narrow the state. */
  #hasEnded(): boolean {
    return this.#state === "ended";
  }

  // The upgrade: called by a Server while the handler runs.

  /** The client's request, as the handshake checks it. */
  get request(): RequestHead {
    if (this.#head === null) throw answered();
    return this.#head;
  }

  /** The client's request, as the user sees it. */
  get info(): RequestInfo {
    const { fields } = this.request;
    return new RequestInfo(this.#request!.url, fields, this.#remoteAddr);
  }

  /** Who may connect, by the options of `serve`. `Host` was checked when the request was read. */
  get policy(): HandshakePolicy {
    return { requireHost: false, allowedOrigins: this.#settings.policy.allowedOrigins };
  }

  /** Composes the 101, which is written once the handler has returned it. */
  accept(fields: Field[], handler: UpgradeHandler): Response {
    if (this.#left !== null) return this.#acceptLate(fields, handler);
    if (this.#state !== "handling" || this.#upgrade !== null) throw answered();
    this.#upgrade = handler;
    return new SwitchingProtocols(fields);
  }

  /** The client has left while the handler was busy with something else. That is not the caller's mistake. */
  #acceptLate(fields: Field[], handler: UpgradeHandler): Response {
    queueMicrotask(() => handler.onLost(this.#left));
    return new SwitchingProtocols(fields);
  }

  /** Counts the refusal, and leaves the answer to the handler. */
  refuse(refusal: Response): Response {
    this.connections.onRefused(refusal.status);
    return refusal;
  }

  // Dismissing clients.

  /** Dismisses a client because there are too many: 503, RFC 9110 §15.6.4. */
  #dismissExcess(): Promise<void> {
    const { retryAfter } = this.#settings;
    const fields: Field[] = retryAfter === null ? [] : [["Retry-After", String(Math.ceil(retryAfter / 1000))]];
    return this.#dismiss(STATUS_CODE.ServiceUnavailable, "Cannot serve more connections at present", fields);
  }

  /** Dismisses a client that takes too long: 408, RFC 9110 §15.5.9. */
  #dismissSlow(): Promise<void> {
    this.connections.dismiss(this);
    return this.#dismiss(STATUS_CODE.RequestTimeout, "Cannot wait any longer for the request");
  }

  #refuse({ status, message }: RequestError): Promise<void> {
    this.#state = "answering";
    this.connections.onRefused(status);
    return this.#respond(textResponse(status, message));
  }

  /** Tells the client why it can't be served. Its place is already free, and it can't hold the connection for long. */
  async #dismiss(status: number, line: string, fields: Field[] = []): Promise<void> {
    this.#state = "dismissed";
    this.connections.onRefused(status);
    this.#stopTimer = SharedTimeout.after(GOODBYE, () => this.#end());
    await this.#respond(textResponse(status, line, fields));
  }
}

const RETURN_IT = "return ws.accept(), or ws.response after startConnection()";

function answered(): TypeError {
  return new TypeError("Cannot upgrade the request: it was answered already, or upgraded before");
}

/** Cancels a response that nobody will read. */
function discard(response: Response): null {
  if (response instanceof Response && !response.body?.locked) response.body?.cancel().catch(() => {});
  return null;
}

function textResponse(status: number, line: string, fields: Field[] = []): Response {
  const body = new TextEncoder().encode(`${line}\n`);
  const headers = new Headers([...fields] as [string, string][]);
  headers.set("content-type", "text/plain; charset=utf-8");
  headers.set("content-length", String(body.length));
  return new Response(body, { status, headers });
}
