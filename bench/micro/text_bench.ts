/** How long it takes to decode and to encode text, by its length, next to the platform's own functions. */
import { denoPlatform } from "../../src/connection/deno_platform.ts";
import { decodeText } from "../../src/protocol/decode_text.ts";
import { FIN } from "../../src/protocol/frame_header.ts";
import { NOT_ASCII } from "../../src/protocol/mask.ts";
import { Opcode } from "../../src/protocol/opcode.ts";
import { Sender } from "../../src/protocol/sender.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

for (const length of [4, 16, 125, 4096, 65536]) {
  for (const [name, letter] of [["ASCII", "a"], ["UTF-8", "é"]]) {
    const text = letter.repeat(length / letter.length);
    const bytes = encoder.encode(text);
    const group = `${length} letters of ${name}`;
    const seen = name === "ASCII" ? 0 : NOT_ASCII;
    Deno.bench({ name: `decodeText() ${group}`, group: `decode ${group}`, baseline: true }, () => {
      decodeText(denoPlatform, bytes, 0, bytes.length, seen);
    });
    Deno.bench({ name: `TextDecoder ${group}`, group: `decode ${group}` }, () => void decoder.decode(bytes));

    const sender = new Sender({ masked: false, reuse: true, platform: denoPlatform });
    const send = (queue: () => void) => {
      queue();
      sender.next();
      sender.done();
    };
    Deno.bench({ name: `Sender.text() ${group}`, group: `encode ${group}`, baseline: true }, () => {
      send(() => sender.text(text));
    });
    Deno.bench({ name: `TextEncoder and Sender.frame() ${group}`, group: `encode ${group}` }, () => {
      send(() => sender.frame(FIN | Opcode.TEXT, encoder.encode(text)));
    });
  }
}
