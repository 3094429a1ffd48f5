/** How long it takes to compose frames, in one write of 64 of them or in one of its own. */
import { denoPlatform } from "../../src/connection/deno_platform.ts";
import { FIN } from "../../src/protocol/frame_header.ts";
import { Opcode } from "../../src/protocol/opcode.ts";
import { Sender } from "../../src/protocol/sender.ts";

const SHAPES = [
  { length: 16, count: 64 },
  { length: 1024, count: 16 },
  { length: 4096, count: 8 },
  { length: 65536, count: 1 },
  { length: 1 << 20, count: 1 },
];

for (const { length, count } of SHAPES) {
  const payload = new Uint8Array(length);
  for (const masked of [false, true]) {
    const sender = new Sender({ masked, reuse: true, platform: denoPlatform });
    const name = `Sender.frame() ${masked ? "masked, " : ""}${count} × ${length} B`;
    Deno.bench({ name, group: `${count} × ${length} B` }, () => {
      for (let i = 0; i < count; i++) sender.frame(FIN | Opcode.BINARY, payload);
      for (let bytes = sender.next(); bytes !== null; bytes = sender.next()) sender.done();
    });
  }
}
