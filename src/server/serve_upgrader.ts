import type { Field } from "../http/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import type { AccessPolicy } from "./access_policy.ts";
import type { UpgradeHandler, UpgradeObserver, Upgrader } from "./upgrader.ts";
import { switchingProtocols } from "./switching_protocols.ts";

/** The requests that `serve` has passed to its handler, each with the backend that can upgrade it. */
const backends = new WeakMap<Request, ServeUpgrader>();

/**
 * Finds the backend of a request.
 *
 * @param request Any request.
 * @returns The backend, where the request is one of `serve`.
 */
export function serveUpgrader(request: Request): ServeUpgrader | undefined {
  return backends.get(request);
}

/** The backend for a request of `serve`: the answer goes the way of every response, and then the connection opens. */
export class ServeUpgrader implements Upgrader {
  /** The whole head is here. */
  readonly requiresHost: boolean = true;
  /** The protocol is ours. */
  readonly takesExtensions: boolean = true;
  /** Who gets the connection, once the handshake was accepted. */
  upgrade: UpgradeHandler | null = null;
  #settled = false;
  #handshake: HandshakeRequest | null;
  /** Who is told of the connection's life. */
  readonly observer: UpgradeObserver;
  /** Who may connect, as `serve` was told. */
  readonly policy: AccessPolicy;

  /**
   * @param request The request that the handler gets.
   * @param handshake What was read of it.
   * @param observer Who is told of the connection's life.
   * @param policy Who may connect.
   */
  constructor(request: Request, handshake: HandshakeRequest, observer: UpgradeObserver, policy: AccessPolicy) {
    this.#handshake = handshake;
    this.observer = observer;
    this.policy = policy;
    backends.set(request, this);
  }

  /**
   * The client's request.
   *
   * @throws {TypeError} Once the connection is open.
   */
  get request(): HandshakeRequest {
    if (this.#handshake === null) throw answered();
    return this.#handshake;
  }

  /** Composes the 101, which `serve` writes once the handler has returned it. */
  accept(fields: Field[], handler: UpgradeHandler): Response {
    if (this.#settled || this.upgrade !== null) {
      throw answered();
    }
    this.upgrade = handler;
    return switchingProtocols(fields);
  }

  /**
   * Gives the connection's taker away, and forgets it and the request: an open connection would otherwise keep all of
   * its handshake, a quarter of its memory.
   *
   * @returns Who gets the connection.
   */
  takeUpgrade(): UpgradeHandler | null {
    const { upgrade } = this;
    this.upgrade = null;
    this.#handshake = null;
    return upgrade;
  }

  /** The handler has answered: no upgrade can begin any more. */
  settle(): void {
    this.#settled = true;
  }

  /** Leaves the answer to the handler of requests. */
  refuse(refusal: Response): Response {
    return refusal;
  }
}

function answered(): TypeError {
  return new TypeError("Cannot upgrade a request that was answered already, or upgraded before");
}
