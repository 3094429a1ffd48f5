import { STATUS_CODE } from "@std/http/status";
import { SharedTimeout } from "../connection/shared_timeout.ts";
import type { WebSocketDriver } from "../driver/websocket_driver.ts";
import { type Field, formatResponseHead } from "../http/format_head.ts";
import type { HeadLimits } from "../http/head_limits.ts";
import type { Transport } from "../transport/transport.ts";
import { isAllowedHost } from "../http/host.ts";
import { listContains } from "../http/list_contains.ts";
import type { AccessPolicy } from "./access_policy.ts";
import { TimeoutTransport } from "./timeout_transport.ts";
import { makeRequest, readHead, type ReceivedHead } from "./read_request.ts";
import type { UpgradeObserver } from "./upgrader.ts";
import { RequestError } from "./request_error.ts";
import { responseFault } from "./check_response.ts";
import type { ServeHandler } from "./serve_options.ts";
import { ServeUpgrader } from "./serve_upgrader.ts";
import { type AnsweredRequest, dateField, writeResponse } from "./write_response.ts";

/** How long a client that is turned away may take to read why, in milliseconds. */
const TURNED_AWAY_WITHIN = 1000;

/** The server that a {@linkcode HttpConnection} belongs to. */
export interface HttpConnectionHost {
  /** Answers requests. */
  readonly handler: ServeHandler;
  /** How long a head may take, in milliseconds. */
  readonly handshakeTimeout: number;
  /** How long a head may be. */
  readonly headLimits: Partial<HeadLimits>;
  /** How long a client that is turned away is asked to wait, in milliseconds; null to say nothing. */
  readonly retryAfter: number | null;
  /** Who may connect. */
  readonly policy: AccessPolicy;
  /** The scheme and the authority of requests that name none. */
  readonly origin: URL;
  /**
   * Takes what the handler or a listener threw.
   *
   * @param fault What was thrown.
   * @returns The response for a client that waits for one.
   */
  onFault(fault: unknown): Promise<Response>;
  /** A connection is turned away, and counts no more. */
  onTurnAway(): void;
  /**
   * A WebSocket is open.
   *
   * @param ws The driver.
   */
  onOpen(ws: WebSocketDriver): void;
  /**
   * A WebSocket has ended.
   *
   * @param ws The driver.
   */
  onClose(ws: WebSocketDriver): void;
  /**
   * A connection has ended, whatever it was.
   *
   * @param connection The connection.
   */
  onEnd(connection: HttpConnection): void;
}

/** One connection that `serve` has accepted: a request, and its response or a WebSocket. */
export class HttpConnection implements UpgradeObserver {
  /** Whether it was answered with 503, as there were too many. */
  turnedAway = false;
  readonly #host: HttpConnectionHost;
  readonly #transport: Transport;
  /** The same transport, for what is no WebSocket: a client that stops in the middle is not waited for. */
  readonly #impatient: TimeoutTransport;
  readonly #remoteAddr: Deno.Addr;
  /** For who waits for the response to be sent; null once it is. */
  #completed: PromiseWithResolvers<void> | null = Promise.withResolvers();
  #stopTimer: (() => void) | null = null;
  #awaitsRequest = true;

  /**
   * @param host The server.
   * @param transport The connection's bytes.
   * @param remoteAddr Who is at its other end.
   */
  constructor(host: HttpConnectionHost, transport: Transport, remoteAddr: Deno.Addr) {
    this.#host = host;
    this.#transport = transport;
    this.#impatient = new TimeoutTransport(transport, host.handshakeTimeout);
    this.#remoteAddr = remoteAddr;
  }

  /**
   * Reads the request, has it answered, and ends the connection unless it has become a WebSocket. Never rejects.
   *
   * @param overloaded Whether there are too many connections already: then it is answered with 503, unread.
   */
  async run(overloaded: boolean): Promise<void> {
    const upgraded = overloaded ? await this.#turnAway() : await this.#serve().catch(() => false);
    if (upgraded) return;
    this.#complete();
    this.#end();
  }

  /** Ends the connection if its request has not come yet; otherwise the handler has it, and it goes on. */
  endIfIdle(): void {
    if (this.#awaitsRequest) this.#transport.close();
  }

  #end(): void {
    this.#stopTimer?.();
    this.#transport.close();
    this.#host.onEnd(this);
  }

  /** RFC 9110 §15.6.4. */
  async #turnAway(): Promise<boolean> {
    this.turnedAway = true;
    this.#host.onTurnAway();
    this.#awaitsRequest = false;
    this.#stopTimer = SharedTimeout.after(TURNED_AWAY_WITHIN, () => this.#transport.close());
    const response = textResponse(STATUS_CODE.ServiceUnavailable, "Cannot serve more connections at present");
    const { retryAfter } = this.#host;
    if (retryAfter !== null) response.headers.set("retry-after", String(Math.ceil(retryAfter / 1000)));
    await this.#write(response);
    return false;
  }

  async #serve(): Promise<boolean> {
    try {
      const received = await this.#receive();
      if (received === null) return false;
      return await this.#answer(received);
    } catch (error) {
      if (error instanceof RequestError) await this.#write(textResponse(error.status, error.message));
      return false;
    }
  }

  async #receive(): Promise<ReceivedHead | null> {
    this.#stopTimer = SharedTimeout.after(this.#host.handshakeTimeout, () => this.#onTimeout());
    try {
      return await readHead(this.#transport, this.#host.headLimits);
    } finally {
      this.#stopTimer();
      this.#stopTimer = null;
      this.#awaitsRequest = false;
    }
  }

  /** RFC 9110 §15.5.9. The read that is still pending ends with the transport. */
  #onTimeout(): void {
    const body = "Cannot wait any longer for the request\n";
    const fields: Field[] = [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(body.length)],
      ["Connection", "close"],
      dateField(),
    ];
    const head = formatResponseHead(STATUS_CODE.RequestTimeout, fields);
    const bytes = new Uint8Array([...head, ...new TextEncoder().encode(body)]);
    this.#transport.write(bytes).catch(() => {}).finally(() => this.#transport.close());
  }

  async #answer(received: ReceivedHead): Promise<boolean> {
    const { head } = received;
    const { allowedHosts } = this.#host.policy;
    if (allowedHosts !== undefined && !isAllowedHost(head.fields.get("host"), allowedHosts)) {
      throw new RequestError(STATUS_CODE.Forbidden, "Cannot serve a request for a host that is not an allowed one");
    }
    const request = makeRequest(received, this.#impatient, this.#host.origin);
    if (request.body !== null && expectsContinue(received)) await this.#impatient.write(formatResponseHead(100, []));
    const backend = new ServeUpgrader(request, head, this, this.#host.policy);
    const response = await this.#handle(request, backend);
    if (response.status !== STATUS_CODE.SwitchingProtocols) {
      await this.#write(response, head);
      return false;
    }
    return await this.#upgrade(response, backend, received.early);
  }

  /** Has the handler answer; what it threw, or forgot, is a fault of its own. */
  async #handle(request: Request, backend: ServeUpgrader): Promise<Response> {
    const info = { remoteAddr: this.#remoteAddr, completed: this.#completed!.promise };
    let fault: unknown;
    try {
      const response = await this.#host.handler(request, info);
      fault = faultOf(response, backend);
      if (fault === null) return response;
    } catch (thrown) {
      fault = thrown;
    } finally {
      backend.settle();
    }
    backend.upgrade?.onLost(fault);
    return await this.#host.onFault(fault);
  }

  async #upgrade(response: Response, backend: ServeUpgrader, early: Uint8Array): Promise<boolean> {
    const upgrade = backend.takeUpgrade();
    try {
      await this.#transport.write(formatResponseHead(response.status, response.headers));
    } catch (cause) {
      upgrade?.onLost(cause);
      return false;
    }
    this.#complete();
    upgrade?.onTransport(this.#transport, early);
    return true;
  }

  #complete(): void {
    this.#completed?.resolve();
    this.#completed = null;
  }

  /** The WebSocket is open. */
  onOpen(ws: WebSocketDriver): void {
    this.#host.onOpen(ws);
  }

  /** The WebSocket has ended. */
  onClose(ws: WebSocketDriver): void {
    this.#host.onClose(ws);
    this.#end();
  }

  /** A listener of the application threw, and nobody listens for errors. */
  report(fault: unknown): void {
    void this.#host.onFault(fault);
  }

  /** Writes a response; a client that doesn't end the connection then has as long as for its request. */
  async #write(response: Response, request?: AnsweredRequest): Promise<void> {
    try {
      await writeResponse(this.#impatient, response, request, () => {
        this.#complete();
        this.#stopTimer ??= SharedTimeout.after(this.#host.handshakeTimeout, () => this.#transport.close());
      });
    } catch (error) {
      // Where the client has gone, there is nobody left to tell. Otherwise the body has failed on its way.
      if (!this.#impatient.failed) void this.#host.onFault(error);
    }
  }
}

const RETURN_IT = "after startConnection(), return ws.response";

/**
 * RFC 9110 §10.1.1: "The origin server MUST NOT wait for the content before sending the 100 (Continue) response." None is
 * due where some of the content has come, and to HTTP/1.0.
 */
function expectsContinue({ head, early }: ReceivedHead): boolean {
  return early.length === 0 && head.version !== "1.0" && listContains(head.fields.get("expect"), "100-continue");
}

/** What the handler has done wrong, null where all is well. */
function faultOf(response: Response, backend: ServeUpgrader): Error | null {
  const fault = responseFault(response);
  if (fault !== null) return backend.upgrade === null ? fault : new TypeError(`${fault.message}: ${RETURN_IT}`);
  const upgrades = response.status === STATUS_CODE.SwitchingProtocols;
  if (backend.upgrade !== null && !upgrades) {
    return new TypeError(
      `Cannot open the WebSocket as the handler returned another response, of status ${response.status}: ` +
        RETURN_IT,
    );
  }
  if (backend.upgrade === null && upgrades) {
    return new TypeError(
      "Cannot answer with a 101 that no startConnection() has made: makeServer takes the handler's request, and no copy",
    );
  }
  return null;
}

function textResponse(status: number, line: string): Response {
  const body = new TextEncoder().encode(`${line}\n`);
  const headers = { "content-type": "text/plain; charset=utf-8", "content-length": String(body.length) };
  return new Response(body, { status, headers });
}
