/** The events that change the state of a connection. */
export type ProtocolEvent =
  /** Our side asks for the closing handshake. */
  | "close"
  /** Our Close frame is queued: messages before it may have delayed that. */
  | "closeQueued"
  /** The peer's Close has arrived. */
  | "peerClose"
  /** The connection fails, RFC 6455 §7.1.7. */
  | "fail"
  /** The peer has ended its side of the transport. */
  | "eof"
  /** Our side of the transport has ended, or accepts no more bytes. */
  | "writeEnd"
  /** The transport is closed. */
  | "end";

/**
 * One state: how users see it, whether bytes can be written, how the transport ends once all are written, and the next
 * state for each event.
 */
interface StateRow {
  readonly seen: "open" | "closing" | "closed";
  readonly writes: boolean;
  readonly end: "none" | "closeWrite" | "close";
  readonly next: { readonly [Event in ProtocolEvent]?: ProtocolState };
}

/** The states of a connection between its opening handshake and the end of TCP, RFC 6455 §7.1. */
export type ProtocolState =
  /** Messages go both ways. */
  | "open"
  /** Our Close is due, after messages that are still being compressed or sent in fragments. */
  | "closing"
  /** Our Close is queued; the peer's is awaited. */
  | "closeSent"
  /** The peer's Close has arrived; our answer is due, after messages as above. */
  | "closeReceived"
  /** Both sides have sent a Close: the server ends TCP first, so a client waits for that. */
  | "closed"
  /** We have failed the connection: we end TCP first, whichever side we are. */
  | "failed"
  /** The peer has ended its side of TCP; ours ends with the last queued byte. */
  | "lastWrites"
  /** Nothing can be written any more; what the peer sent before it left is still received. */
  | "readOnly"
  /** Our side of TCP has ended; only the peer's end is awaited. */
  | "halfClosed"
  /** TCP has ended. */
  | "ended";

/** All states. An event that isn't listed for a state changes nothing. */
export const STATES: { readonly [State in ProtocolState]: StateRow } = {
  open: {
    seen: "open",
    writes: true,
    end: "none",
    next: {
      close: "closing",
      peerClose: "closeReceived",
      fail: "failed",
      eof: "ended",
      writeEnd: "readOnly",
      end: "ended",
    },
  },
  closing: {
    seen: "closing",
    writes: true,
    end: "none",
    next: {
      closeQueued: "closeSent",
      peerClose: "closeReceived",
      fail: "failed",
      eof: "ended",
      writeEnd: "readOnly",
      end: "ended",
    },
  },
  closeSent: {
    seen: "closing",
    writes: true,
    end: "none",
    next: { peerClose: "closed", fail: "failed", eof: "ended", writeEnd: "readOnly", end: "ended" },
  },
  closeReceived: {
    seen: "closing",
    writes: true,
    end: "none",
    next: { closeQueued: "closed", fail: "failed", eof: "ended", writeEnd: "halfClosed", end: "ended" },
  },
  closed: {
    seen: "closed",
    writes: true,
    end: "closeWrite",
    next: { eof: "lastWrites", writeEnd: "halfClosed", end: "ended" },
  },
  failed: {
    seen: "closed",
    writes: true,
    end: "closeWrite",
    next: { eof: "lastWrites", writeEnd: "halfClosed", end: "ended" },
  },
  lastWrites: { seen: "closed", writes: true, end: "close", next: { writeEnd: "ended", end: "ended" } },
  readOnly: {
    seen: "closing",
    writes: false,
    end: "none",
    next: { peerClose: "halfClosed", fail: "halfClosed", eof: "ended", end: "ended" },
  },
  halfClosed: { seen: "closed", writes: false, end: "none", next: { eof: "ended", end: "ended" } },
  ended: { seen: "closed", writes: false, end: "close", next: {} },
};

/**
 * Looks up the state after an event.
 *
 * @param state The state of the connection.
 * @param event What happens.
 * @returns The next state, undefined if the event changes nothing.
 */
export function nextState(state: ProtocolState, event: ProtocolEvent): ProtocolState | undefined {
  return STATES[state].next[event];
}
