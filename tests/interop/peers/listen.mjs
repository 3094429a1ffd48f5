import { once } from "node:events";

/** Has two servers of `node:http` listen, and prints where. */
export async function listen(plain, secure) {
  for (const server of [plain, secure]) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
  console.log(JSON.stringify({
    plain: `ws://localhost:${plain.address().port}`,
    secure: `wss://localhost:${secure.address().port}`,
  }));
}
