/**
 * An echo server for `wss:`, with a certificate of your own, and a client that trusts it.
 *
 *     deno run --allow-net --allow-read examples/tls.ts CERT KEY [PORT]
 *     deno run --allow-net --allow-read examples/tls.ts --client wss://localhost:5000/ CA
 */
import { makeClient, makeServer, serve } from "@wsd/driver";

if (Deno.args.length < (Deno.args[0] === "--client" ? 3 : 2)) {
  console.error("Usage: tls.ts CERT KEY [PORT] | --client URL CA");
  Deno.exit(2);
}

if (Deno.args[0] === "--client") {
  const [, url, ca] = Deno.args;
  const ws = makeClient(url, { caCerts: [await Deno.readTextFile(ca)] });
  ws.on("message", (message) => {
    console.log("Got:", message);
    ws.closeConnection();
  });
  await ws.startConnection();
  ws.send("Hi");
} else {
  const [cert, key, port = "5000"] = Deno.args;
  const pems = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  serve({ ...pems, port: Number(port) }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    ws.startConnection();
    return ws.response;
  });
}
