import { coreOf, type WebSocketDriver } from "./websocket_driver.ts";

/**
 * Drops the messages that a driver has not received yet, so that a Close behind them comes through though nobody reads.
 *
 * @param ws The driver.
 */
export function dropIncoming(ws: WebSocketDriver): void {
  coreOf(ws).drop();
}
