/**
 * An echo server for `wss:`, with a certificate of your own, and a client that trusts it.
 *
 *     deno run --allow-net --allow-read examples/tls.ts CERT KEY [PORT]
 *     deno run --allow-net --allow-read examples/tls.ts --client wss://localhost:5000/ CA
 */
import { connect, makeServer, serve } from "@wsd/driver";

if (Deno.args.length < (Deno.args[0] === "--client" ? 3 : 2)) {
  console.error("Usage: tls.ts CERT KEY [PORT] | --client URL CA");
  Deno.exit(2);
}

if (Deno.args[0] === "--client") {
  const [, url, ca] = Deno.args;
  await using ws = await connect(url, { caCerts: [await Deno.readTextFile(ca)] });
  ws.send("Hi");
  console.log("Got:", await ws.receive());
} else {
  const [cert, key, port = "5000"] = Deno.args;
  const pems = { cert: await Deno.readTextFile(cert), key: await Deno.readTextFile(key) };
  serve({ ...pems, port: Number(port) }, (request) => {
    const ws = makeServer(request);
    ws.on("message", (message) => ws.send(message));
    return ws.accept();
  });
}
