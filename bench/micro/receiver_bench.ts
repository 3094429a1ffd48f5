/** How long it takes to parse frames, in reads of 64 of them or of a part of one. */
import { denoPlatform } from "../../src/connection/deno_platform.ts";
import { Protocol } from "../../src/protocol/protocol.ts";
import type { InternalProtocolOptions } from "../../src/protocol/protocol_options.ts";
import { makeMessage, repeat } from "../load/frames.js";

const options: InternalProtocolOptions = { platform: denoPlatform, reuse: true };
const handler = { onMessage() {}, onPing() {}, onPong() {}, onClose() {}, onError() {}, onOutput() {} };

const SHAPES = [
  { name: "64 text messages of 16 B", payload: { length: 16, kind: "text" }, count: 64, fragments: 1 },
  { name: "64 binary messages of 16 B", payload: { length: 16, kind: "binary" }, count: 64, fragments: 1 },
  { name: "16 binary messages of 1 KiB", payload: { length: 1024, kind: "binary" }, count: 16, fragments: 1 },
  { name: "8 JSON messages of 4 KiB", payload: { length: 4096, kind: "json" }, count: 8, fragments: 1 },
  { name: "a binary message of 64 KiB", payload: { length: 65536, kind: "binary" }, count: 1, fragments: 1 },
  { name: "a binary message of 1 MiB", payload: { length: 1 << 20, kind: "binary" }, count: 1, fragments: 1 },
  { name: "a text message in 64 frames of 16 B", payload: { length: 1024, kind: "text" }, count: 1, fragments: 64 },
] as const;

for (const { name, payload, count, fragments } of SHAPES) {
  for (const role of ["server", "client"] as const) {
    const protocol = new Protocol(role, handler, options);
    const bytes = repeat(makeMessage(payload, role === "server", fragments), count);
    Deno.bench({ name: `Protocol.receive() of a ${role}: ${name}`, group: name }, () => protocol.receive(bytes));
  }
}
