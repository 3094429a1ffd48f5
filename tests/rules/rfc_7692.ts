/** The rules of RFC 7692, as `rule.ts` says. */
import type { Rfc } from "./rule.ts";

/** RFC 7692, Compression Extensions for WebSocket. */
export const RFC_7692: Rfc = {
  number: 7692,
  title: "Compression Extensions for WebSocket",
  rules: {
    "§5 MUST offer": "A client that offers compression names it in Sec-WebSocket-Extensions, with its window",
    "§5 MUST accept": "A server that accepts names what it supports in full",
    "§5 MUST decline": "A server that declines names nothing",
    "§5 MUST conflict": "No other extension is agreed on that uses RSV1, or whose output would be compressed",
    "§5 MUST invalid-answer": "An answer that is invalid, such as to what was not offered, fails the connection",
    "§5 MUST used": "What was agreed on is used",
    "§6.1 MUST rsv1-first": "A compressed message has RSV1 on its first frame, another one has not",
    "§6.1 MUST rsv1-continuation": "RSV1 on a continuation fails the connection",
    "§6.1 MUST rsv1-control": "Control frames are not compressed, and RSV1 on one fails the connection",
    "§6.2 MUST compressed": "A message with RSV1 is inflated",
    "§6.2 MUST plain": "A message without RSV1 is taken as it is",
    "§7 MUST malformed-offer": "An offer with a parameter that is unknown, malformed or twice there is declined",
    "§7 MUST impossible-offer": "An offer that can't be kept is declined",
    "§7 MUST malformed-answer": "An answer with such a parameter fails the connection",
    "§7 MUST impossible-answer": "An answer that the client can't keep fails the connection",
    "§7.1.1.1 SHOULD": "A server supports server_no_context_takeover",
    "§7.1.1.2 MUST": "A client supports client_no_context_takeover in an answer",
    "§7.1.2.1 MUST": "server_max_window_bits is 8 to 15, decimal, without leading zeros",
    "§7.1.2.2 MUST value":
      "client_max_window_bits is 8 to 15, decimal, without leading zeros, in an offer also without a value",
    "§7.1.2.2 MUST offered-only": "A server sends client_max_window_bits only if the client has offered it",
    "§7.2.1 MUST padding": { rule: "A final block is padded to a byte", untested: "No final block is sent" },
    "§7.2.1 Text": "The four bytes at the end of a flush are taken off",
    "§7.2.1 MUST last-only": {
      rule: "They are taken off the last fragment only",
      untested: "A compressed message is sent in one frame; one in fragments is not compressed",
    },
    "§7.2.1 MUST window": "No window is above 32,768 bytes, nor above what was agreed on",
    "§7.2.1 MUST no-takeover":
      "An endpoint that agreed to send without context takeover begins each message with an empty window",
    "§7.2.2 Text": "The four bytes are put back before inflating",
    "§7.2.2 MUST takeover": "Messages are inflated with the window of the one before, unless agreed otherwise",
    "§7.2.2 MUST full-window": "They are inflated with 32,768 bytes of window, unless agreed otherwise",
    "§7.2.2 MUST offer-not-binding":
      "What a client offered does not bind either side if the answer says something else",
    "§7.2.3.4 Text": "A block with BFINAL may come, and messages behind it",
    "§7.2.3.6 Text": "An empty message is one byte",
    "§7.3 SHOULD": "A window has 1,024 bytes or more",
  },
};
