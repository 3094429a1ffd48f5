/** The exports that the web's classes of both sides share, in `client.ts` and `server.ts`. */
export type { WebSocketCloseInfo, WebSocketOpenInfo } from "./web_socket_stream_info.ts";
export type { WebSocketOptions } from "./web_socket_options.ts";
