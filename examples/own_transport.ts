/**
 * RFC 6455 over a transport of your own: the sans-I/O core on both ends of a MessageChannel, which carries nothing but
 * bytes. Anything else that carries bytes works, too: a serial line, a pipe, a tunnel, a test.
 *
 *     deno run examples/own_transport.ts
 */
import { Protocol, type ProtocolHandler, type Role } from "@wsd/driver/protocol";

function endpoint(role: Role, port: MessagePort, onMessage: (message: string | Uint8Array) => void): Protocol {
  const handler: ProtocolHandler = {
    onMessage,
    onPing: () => console.log(`${role}: received a Ping, which is answered`),
    onPong: () => console.log(`${role}: received a Pong`),
    onClose: ({ code, reason }) => console.log(`${role}: received a Close, ${code} ${reason}`),
    onError: (error) => console.log(`${role}: ${error.code}`),
    onOutput: () => write(protocol, port),
  };
  const protocol = new Protocol(role, handler);
  port.onmessage = ({ data }) => {
    protocol.receive(data);
    write(protocol, port);
  };
  return protocol;
}

/** Writes everything that is queued, and then ends the transport if the protocol says so. */
function write(protocol: Protocol, port: MessagePort): void {
  for (let bytes = protocol.next(); bytes !== null; bytes = protocol.next()) {
    port.postMessage(bytes.slice());
    protocol.done();
  }
  // A message port can't end one side alone.
  if (protocol.transportEnd !== "none") port.close();
}

const { port1, port2 } = new MessageChannel();
const server = endpoint("server", port1, (message) => server.sendText(`You said: ${message}`));
const client = endpoint("client", port2, (message) => {
  console.log("client:", message);
  client.sendClose(1000, "That was all");
});

client.sendPing();
client.sendText("Hi");
write(client, port2);
