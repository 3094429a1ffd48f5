/** What the web's classes of both sides share, and both `client.ts` and `server.ts` export. */
export type { WebSocketCloseInfo, WebSocketOpenInfo } from "./web_socket_stream_info.ts";
export type { WebSocketOptions } from "./web_socket_options.ts";
