import type { WebSocketDriver } from "../driver/websocket_driver.ts";

/** The driver below a web class, and the differences between its two sides. */
export interface AttachmentOptions {
  /** The driver, not open yet. */
  readonly driver: WebSocketDriver;
  /** The URL, empty on a server. */
  readonly url: string;
  /** The initial type of binary messages. */
  readonly binaryType: BinaryType;
  /** Which codes `close` accepts. */
  readonly isCloseCode: (code: number) => boolean;
  /** Starts the driver, once it has listeners. */
  readonly start?: () => Promise<unknown>;
}

/**
 * Creates a {@linkcode WebSocket} or a {@linkcode WebSocketStream} instead of a URL. A class, so that a
 * constructor can tell it from everything that a program may pass for a URL.
 */
export class Attachment {
  /** The given options. */
  readonly options: AttachmentOptions;

  /** @param options The driver, and the differences. */
  constructor(options: AttachmentOptions) {
    this.options = options;
  }
}
