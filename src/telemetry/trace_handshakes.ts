import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { HANDSHAKE_CHANNEL, type HandshakeEvent } from "../connection/diagnostics.ts";

/** Creates spans; the part of OpenTelemetry's API that is used here. */
export interface Tracer {
  /** Begins a span. */
  startSpan(name: string, options: SpanOptions): Span;
}

/** The options of a span. */
export interface SpanOptions {
  /** 1 for a server's, 2 for a client's. */
  readonly kind: number;
  /** When it began, in milliseconds since 1970. */
  readonly startTime: number;
  /** Its attributes. */
  readonly attributes: Readonly<Record<string, string | number>>;
}

/** A span. */
export interface Span {
  /** 2 for a failure. */
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  /** Ends it. */
  end(endTime?: number): void;
}

const SERVER_KIND = 1;
const CLIENT_KIND = 2;
const FAILED = 2;

/**
 * Creates a span for each opening handshake of this process.
 *
 * @param tracer Creates the spans.
 * @param attributes The attributes of each span.
 * @returns A function that stops it.
 */
export function traceHandshakes(tracer: Tracer, attributes: Readonly<Record<string, string | number>>): () => void {
  const onHandshake = (event: unknown) => {
    const { role, url, status, startTime, endTime, error } = event as HandshakeEvent;
    const span = tracer.startSpan("websocket handshake", {
      kind: role === "server" ? SERVER_KIND : CLIENT_KIND,
      startTime,
      attributes: {
        ...attributes,
        "url.full": url,
        ...(status === null ? {} : { "http.response.status_code": status }),
      },
    });
    if (error !== null) span.setStatus({ code: FAILED, message: error.message });
    span.end(endTime);
  };
  subscribe(HANDSHAKE_CHANNEL, onHandshake);
  return () => void unsubscribe(HANDSHAKE_CHANNEL, onHandshake);
}
