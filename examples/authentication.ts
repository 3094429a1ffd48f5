/**
 * Authentication: by a session's cookie, as browsers send it, or by a token, as programs do. Everyone else gets a 401.
 *
 *     deno run --allow-net examples/authentication.ts [PORT]
 */
import { isWebSocket, makeServer, serve } from "@wsd/driver";

// Yours come from a database. A token is compared by its hash, so that the time it takes reveals nothing about it.
const sessions = new Map([["3f9a", "Ada"]]);
const tokens = new Map([[await sha256("tr0ub4dor"), "The weather station"]]);

serve({ port: Number(Deno.args[0] ?? 5000) }, async (request) => {
  if (!isWebSocket(request)) {
    return new Response("You are logged in\n", {
      headers: { "set-cookie": "session=3f9a; HttpOnly; SameSite=Strict" },
    });
  }
  const [, token] = request.headers.get("authorization")?.match(/^Bearer (.+)$/) ?? [];
  const [, session = ""] = request.headers.get("cookie")?.match(/(?:^|; )session=([^;]*)/) ?? [];
  const name = token === undefined ? sessions.get(session) : tokens.get(await sha256(token));
  if (name === undefined) {
    return new Response("Who are you?\n", { status: 401, headers: { "www-authenticate": "Bearer" } });
  }
  // A browser sends its cookies with requests from the pages of any site, but only this site's pages may use them.
  const ws = makeServer(request, token === undefined ? { allowedOrigins: "same-host" } : {});
  ws.on("open", () => ws.send(`Hello, ${name}`));
  return ws.accept();
});

async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))).toHex();
}
