/**
 * What a server does, whatever the server is, so that every client can be tried on it.
 *
 * It echoes, agrees to the subprotocol "chat", and answers with the header fields `X-Reply` and `Set-Cookie`. Paths ask
 * for more: `/request` tells what it got, `/close` closes, `/ping` pings, `/fragments` sends a message in four,
 * `/closed` tells how another connection has ended.
 *
 * @module
 */

/** The header fields of every handshake's answer. */
export const REPLY_HEADERS = { "X-Reply": "yes", "Set-Cookie": "visit=first" };

const ends = new Map();

function endOf(id) {
  if (!ends.has(id)) ends.set(id, Promise.withResolvers?.() ?? withResolvers());
  return ends.get(id);
}

/** For Node.js before 22. */
function withResolvers() {
  const all = {};
  all.promise = new Promise((resolve, reject) => Object.assign(all, { resolve, reject }));
  return all;
}

/**
 * Begins a connection.
 *
 * @param target The path and query that the client asked for.
 * @param getHeader Gives a header field of the client's request.
 * @param socket What the server can do: `send`, `close(code, reason)`, `ping(onPong)`, `sendFragments(parts)`.
 * @returns What to call when the connection has ended: `(code, reason)`.
 */
export function begin(target, getHeader, socket) {
  const { pathname, searchParams } = new URL(target, "http://localhost");
  const id = searchParams.get("id");
  switch (pathname) {
    case "/request":
      socket.send(JSON.stringify({ "x-test": getHeader("x-test"), cookie: getHeader("cookie") }));
      break;
    case "/close":
      socket.close(Number(searchParams.get("code")), searchParams.get("reason"));
      break;
    case "/ping":
      socket.ping(() => socket.send("ponged"));
      break;
    case "/fragments":
      socket.sendFragments(["In ", "four ", "", "fragments ✓"]);
      break;
    case "/closed":
      endOf(id).promise.then((end) => socket.send(JSON.stringify(end)));
      break;
  }
  return (code, reason) => {
    if (pathname === "/" && id !== null) endOf(id).resolve({ code, reason: String(reason ?? "") });
  };
}
