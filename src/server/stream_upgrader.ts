import { type Field, formatResponseHead } from "../http/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import type { Transport } from "../transport/transport.ts";
import type { UpgradeHandler, Upgrader } from "./upgrader.ts";
import { switchingProtocols } from "./switching_protocols.ts";
import { writeResponse } from "./write_response.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

/** How long a {@linkcode StreamUpgrader} waits for its client. */
export interface StreamUpgraderOptions {
  /** How long the client may take to take the 101, in milliseconds. */
  handshakeTimeout: number;
  /** How long the client may take to take a refusal and to end the connection, in milliseconds. */
  closeTimeout: number;
}

/** The backend for a transport on which somebody else has read the request's head: it writes the answer itself. */
export class StreamUpgrader implements Upgrader {
  /** The client's request. */
  readonly request: HandshakeRequest;
  /** The whole head is here. */
  readonly requiresHost: boolean = true;
  /** The protocol is ours. */
  readonly takesExtensions: boolean = true;
  readonly #transport: Transport;
  readonly #options: StreamUpgraderOptions;
  #accepting = false;

  /**
   * @param request The request that was read.
   * @param transport The transport it came on.
   * @param options How long to wait for the client.
   */
  constructor(request: HandshakeRequest, transport: Transport, options: StreamUpgraderOptions) {
    this.request = request;
    this.#transport = transport;
    this.#options = options;
  }

  /** Writes the 101. */
  accept(fields: Field[], handler: UpgradeHandler): Response {
    const transport = this.#transport;
    this.#accepting = true;
    this.#limit(transport.write(formatResponseHead(101, fields)), this.#options.handshakeTimeout).then(
      () => {
        this.#accepting = false;
        handler.onTransport(transport, EMPTY);
      },
      (cause) => {
        transport.close();
        handler.onLost(cause);
      },
    );
    return switchingProtocols(fields);
  }

  /** Writes the refusal, and ends the transport. */
  refuse(refusal: Response): Response {
    const close = () => this.#transport.close();
    this.#limit(writeResponse(this.#transport, refusal.clone()), this.#options.closeTimeout).then(close, close);
    return refusal;
  }

  /** Lets the client take no longer than it may: closing the transport ends whatever is pending there. */
  #limit(written: Promise<void>, timeout: number): Promise<void> {
    const timer = setTimeout(() => this.#transport.close(), timeout);
    return written.finally(() => clearTimeout(timer));
  }

  /** Ends the transport where the 101 has not been taken yet. */
  abandon(): void {
    if (this.#accepting) this.#transport.close();
  }
}
