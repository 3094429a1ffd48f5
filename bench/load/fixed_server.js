// @ts-check
/**
 * The one server that all clients are measured against: it counts the bytes of masked frames, and writes as many
 * replies, composed beforehand. Only the first message of a connection is looked at: it must be the expected one, or
 * the connection is cut.
 */
import net from "node:net";
import crypto from "node:crypto";
import process from "node:process";
import { makeMessage, repeat } from "./frames.js";

const READ_SIZE = 256 * 1024;
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

const { payload } = JSON.parse(process.argv[2]);
const expected = makeMessage(payload, false);
const header = expected.length - payload.length;
const requestSize = expected.length + 4;
const replies = repeat(expected, Math.max(1, Math.min(64, Math.floor(2 ** 22 / expected.length))));

const server = net.createServer({ noDelay: true }, (socket) => {
  socket.on("error", () => {});
  socket.once("data", (head) => {
    const key = /sec-websocket-key:\s*(\S+)/i.exec(head.toString("latin1"))?.[1];
    const accept = crypto.createHash("sha1").update(key + GUID).digest("base64");
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `Sec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("data", makeCounter(socket));
  });
});

/**
 * @param {net.Socket} socket
 * @returns {(bytes: Uint8Array) => void}
 */
function makeCounter(socket) {
  let pending = 0;
  /** @type {Uint8Array | null} */
  let first = new Uint8Array(requestSize);
  return (bytes) => {
    if (first !== null) {
      first.set(bytes.subarray(0, requestSize - pending), pending);
      if (pending + bytes.length >= requestSize) {
        if (!isExpected(first)) {
          socket.destroy();
          return;
        }
        first = null;
      }
    }
    pending += bytes.length;
    let left = Math.floor(pending / requestSize) * expected.length;
    pending %= requestSize;
    for (; left > 0; left -= replies.length) socket.write(left < replies.length ? replies.subarray(0, left) : replies);
  };
}

/** @param {Uint8Array} frame */
function isExpected(frame) {
  if (frame[0] !== expected[0] || frame[1] !== (expected[1] | 0x80)) return false;
  for (let i = 0; i < payload.length; i++) {
    if ((frame[header + 4 + i] ^ frame[header + (i & 3)]) !== expected[header + i]) return false;
  }
  return true;
}

server.listen({ port: 0, host: "127.0.0.1", highWaterMark: READ_SIZE, backlog: 1024 }, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") process.stdout.write(`PORT ${address.port}\n`);
});
