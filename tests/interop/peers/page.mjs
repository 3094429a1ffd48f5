/**
 * Runs the checks in a browser's page, with the browser's own `WebSocket`.
 *
 * @module
 */
import { runChecks } from "./checks.mjs";

const whole = "The standard's `WebSocket` sends every message whole";

const client = {
  open: (url, { protocols = [] }) => new WebSocket(url, protocols),
  keepsCookies: true,
  limits: {
    "fragments sent": whole,
    headers: "A page can't add header fields to a handshake",
    "ping sent": "The standard's `WebSocket` has no ping",
  },
};

globalThis.results = runChecks(client, JSON.parse(decodeURIComponent(location.hash.slice(1))));
