/**
 * What the opening handshake has agreed on.
 *
 * @example Open a driver on a connection whose handshake was done elsewhere
 * ```ts
 * import { type Negotiated, type Connection, type ConnectionHandler, WebSocketDriver } from "@wsd/driver";
 *
 * export class Adopted extends WebSocketDriver {
 *   constructor(connect: (handler: ConnectionHandler) => Connection, agreed: Negotiated) {
 *     super({}, { pingInterval: 0 });
 *     this.open(connect, agreed);
 *   }
 * }
 * ```
 */
export interface Negotiated {
  /** The subprotocol, null where there is none. */
  readonly protocol: string | null;
  /** The extensions, as in the response's header; empty where there are none. */
  readonly extensions: string;
}
