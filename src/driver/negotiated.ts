/** The result of the opening handshake. */
export interface Negotiated {
  /** The subprotocol, null if there is none. */
  readonly protocol: string | null;
  /** The extensions, as in the response's header; empty if there are none. */
  readonly extensions: string;
}

/** Before the handshake. */
export const NOTHING_NEGOTIATED: Negotiated = { protocol: null, extensions: "" };
