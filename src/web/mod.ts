/** What the web's classes of both sides share, and both `client.ts` and `server.ts` export. */
export { WebSocketBase, type WebSocketEventHandler } from "./web_socket_base.ts";
export type { WebSocketData } from "./web_socket_data.ts";
export { type WebSocketCloseInfo, type WebSocketOpenInfo, WebSocketStreamBase } from "./web_socket_stream_base.ts";
