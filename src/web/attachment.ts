import type { WebSocketDriver } from "../driver/websocket_driver.ts";

/** What a web class stands on: a driver, and in what its two sides differ. */
export interface AttachmentOptions {
  /** The driver, not open yet. */
  readonly driver: WebSocketDriver;
  /** The URL, empty on a server. */
  readonly url: string;
  /** How binary messages are given at first. */
  readonly binaryType: BinaryType;
  /** Which codes `close` accepts. */
  readonly isCloseCode: (code: number) => boolean;
  /** Starts the driver, once it is listened to. */
  readonly start?: () => Promise<unknown>;
}

/**
 * Something to make a {@linkcode WebSocket} or a {@linkcode WebSocketStream} of in place of a URL. A class, so that a
 * constructor can tell it from everything that a program may pass for a URL.
 */
export class Attachment {
  /** What was given. */
  readonly options: AttachmentOptions;

  /** @param options What the web class stands on. */
  constructor(options: AttachmentOptions) {
    this.options = options;
  }
}
