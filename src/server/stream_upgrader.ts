import { SharedTimeout } from "../connection/shared_timeout.ts";
import { type Field, formatResponseHead } from "../http/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import type { Transport } from "../transport/transport.ts";
import { HttpSocket } from "./http_socket.ts";
import type { RequestInfo } from "./request_info.ts";
import { SwitchingProtocols } from "./switching_protocols.ts";
import type { UpgradeHandler, Upgrader } from "./upgrader.ts";
import { writeResponse } from "./write_response.ts";

/** How long a {@linkcode StreamUpgrader} waits for its client. */
export interface StreamUpgraderOptions {
  /** How long the client may take to read the 101, in milliseconds. */
  handshakeTimeout: number;
  /** How long the client may take to read a refusal and to end the connection, in milliseconds. */
  closeTimeout: number;
}

/** Answers the handshake on a transport whose request another program has read: it writes the response itself. */
export class StreamUpgrader implements Upgrader {
  /** The client's request, as the handshake checks it. */
  readonly request: HandshakeRequest;
  /** The client's request, as the user sees it. */
  readonly info: RequestInfo;
  /** False: this package does. */
  readonly runtimeFrames: boolean = false;
  readonly #transport: Transport;
  readonly #early: Uint8Array;
  readonly #options: StreamUpgraderOptions;
  #state: "waiting" | "accepting" | "answered" = "waiting";

  /**
   * @param request The request, as the handshake checks it.
   * @param info The same, as users see it.
   * @param transport The transport it came on.
   * @param options How long to wait for the client.
   * @param early Bytes that followed the head, if the transport doesn't read them again.
   */
  constructor(
    request: HandshakeRequest,
    info: RequestInfo,
    transport: Transport,
    options: StreamUpgraderOptions,
    early: Uint8Array = new Uint8Array(0),
  ) {
    this.request = request;
    this.info = info;
    this.#transport = transport;
    this.#options = options;
    this.#early = early;
  }

  /** Writes the 101. */
  accept(fields: Field[], handler: UpgradeHandler): Response {
    this.#state = "accepting";
    const stop = SharedTimeout.after(this.#options.handshakeTimeout, () => this.#transport.close());
    this.#transport.write(formatResponseHead(101, fields)).finally(stop).then(
      () => {
        this.#state = "answered";
        handler.onTransport(this.#transport, this.#early);
      },
      (cause) => {
        this.#state = "answered";
        this.#transport.close();
        handler.onLost(cause);
      },
    );
    return new SwitchingProtocols(fields);
  }

  /** Writes the refusal, and ends the transport. */
  refuse(refusal: Response): Response {
    this.#state = "answered";
    const { closeTimeout } = this.#options;
    const close = () => socket.close();
    const socket = new HttpSocket(this.#transport, closeTimeout, close);
    const stop = SharedTimeout.after(closeTimeout, close);
    void this.#write(socket, refusal.clone()).finally(() => {
      stop();
      close();
    });
    return refusal;
  }

  async #write(socket: HttpSocket, refusal: Response): Promise<void> {
    try {
      await writeResponse(socket, refusal);
      await socket.end();
    } catch {
      // The client has left, or takes too long: there is nobody to respond to.
    }
  }

  /** Ends the transport if the 101 has not been written yet. */
  abandon(): void {
    if (this.#state === "accepting") this.#transport.close();
  }
}
