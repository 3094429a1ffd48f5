/** What the opening handshake has agreed on. */
export interface Agreed {
  /** The subprotocol, null where there is none. */
  readonly protocol: string | null;
  /** The extensions, as in the response's header; empty where there are none. */
  readonly extensions: string;
}
