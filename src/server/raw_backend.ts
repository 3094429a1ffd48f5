import { type Field, formatResponseHead } from "../handshake/format_head.ts";
import type { HandshakeRequest } from "../handshake/server_handshake.ts";
import type { Transport } from "../transport/transport.ts";
import type { Backend, BackendHandler } from "./backend.ts";
import { writeResponse } from "./write_response.ts";

const EMPTY: Uint8Array = new Uint8Array(0);

/** The backend for a transport on which somebody else has read the request's head: it writes the answer itself. */
export class RawBackend implements Backend {
  /** The client's request. */
  readonly request: HandshakeRequest;
  /** The whole head is here. */
  readonly requiresHost: boolean = true;
  readonly #transport: Transport;

  /**
   * @param request The request that was read.
   * @param transport The transport it came on.
   */
  constructor(request: HandshakeRequest, transport: Transport) {
    this.request = request;
    this.#transport = transport;
  }

  /** Writes the 101. */
  accept(fields: Field[], handler: BackendHandler): Response {
    const transport = this.#transport;
    transport.write(formatResponseHead(101, fields)).then(
      () => handler.onTransport(transport, EMPTY),
      (cause) => {
        transport.close();
        handler.onLost(cause);
      },
    );
    return new Response(null, { status: 101, headers: [...fields] as [string, string][] });
  }

  /** Writes the refusal, and ends the transport. */
  refuse(refusal: Response): Response {
    void writeResponse(this.#transport, refusal.clone()).finally(() => this.#transport.close());
    return refusal;
  }
}
