/** The rules of RFC 7692, as `rule.ts` says. */
import type { Rfc } from "./rule.ts";

/** RFC 7692, Compression Extensions for WebSocket. */
export const RFC_7692: Rfc = {
  number: 7692,
  title: "Compression Extensions for WebSocket",
  rules: {
    "§5 MUST offer": "A client that offers compression names it in Sec-WebSocket-Extensions, with its window",
    "§5 MUST accept": "A server that accepts an offer supports all of it",
    "§5 MUST decline": "A server that declines leaves the extension out",
    "§5 MUST conflict": "No other extension is negotiated that uses RSV1, or whose output would be compressed",
    "§5 MUST invalid-answer": "An invalid response, such as one that was not offered, fails the connection",
    "§5 MUST used": "The negotiated parameters are used",
    "§6.1 MUST rsv1-first": "A compressed message has RSV1 on its first frame, an uncompressed one doesn't",
    "§6.1 MUST rsv1-continuation": "RSV1 on a continuation fails the connection",
    "§6.1 MUST rsv1-control": "Control frames are not compressed, and RSV1 on one fails the connection",
    "§6.2 MUST compressed": "A message with RSV1 is inflated",
    "§6.2 MUST plain": "A message without RSV1 is used unchanged",
    "§7 MUST malformed-offer": "An offer with an unknown, malformed or duplicate parameter is declined",
    "§7 MUST impossible-offer": "An offer that can't be supported is declined",
    "§7 MUST malformed-answer": "A response with such a parameter fails the connection",
    "§7 MUST impossible-answer": "A response that the client can't support fails the connection",
    "§7.1.1.1 SHOULD": "A server supports server_no_context_takeover",
    "§7.1.1.2 MUST": "A client supports client_no_context_takeover in a response",
    "§7.1.2.1 MUST": "server_max_window_bits is 8 to 15, decimal, without leading zeros",
    "§7.1.2.2 MUST value":
      "client_max_window_bits is 8 to 15, decimal, without leading zeros, in an offer also without a value",
    "§7.1.2.2 MUST offered-only": "A server sends client_max_window_bits only if the client has offered it",
    "§7.2.1 MUST padding": { rule: "A final block is padded to a byte", untested: "No final block is sent" },
    "§7.2.1 Text": "The four bytes at the end of a flush are removed",
    "§7.2.1 MUST last-only": {
      rule: "They are taken off the last fragment only",
      untested: "A compressed message is sent in one frame; one in fragments is not compressed",
    },
    "§7.2.1 MUST window": "No window exceeds 32,768 bytes or the negotiated size",
    "§7.2.1 MUST no-takeover":
      "An endpoint that agreed to send without context takeover starts each message with an empty window",
    "§7.2.2 Text": "The four bytes are appended before inflating",
    "§7.2.2 MUST takeover": "Messages are inflated with the previous message's window, unless agreed otherwise",
    "§7.2.2 MUST full-window": "They are inflated with a window of 32,768 bytes, unless agreed otherwise",
    "§7.2.2 MUST offer-not-binding": "An offer binds neither side if the response differs from it",
    "§7.2.3.4 Text": "A block with BFINAL may be received, followed by more messages",
    "§7.2.3.6 Text": "An empty message is one byte",
    "§7.3 SHOULD": "A window has 1,024 bytes or more",
  },
};
