import { assert, assertEquals, assertLess } from "@std/assert";
import { ProtocolConnection } from "../../src/connection/protocol_connection.ts";
import type { ConnectionHandler } from "../../src/connection/connection.ts";
import type { Transport } from "../../src/transport/transport.ts";
import { ROLES } from "../support/endpoint.ts";
import { concat, frameFor } from "../support/frames.ts";

/** So many reads take far longer than any turn. */
const READS = 5000;

/** A transport that always has something to read at once, as the socket of a peer that floods has. */
class Flood implements Transport {
  readonly retainsWrites = false;
  reads = 0;
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    if (this.reads === READS) return Promise.resolve(null);
    this.reads++;
    const part = this.#bytes.subarray(this.#at, this.#at + buffer.length);
    buffer.set(part);
    this.#at = (this.#at + part.length) % this.#bytes.length;
    return Promise.resolve(part.length);
  }

  write(): Promise<void> {
    return Promise.resolve();
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}

for (const role of ROLES) {
  // Row: flooder
  Deno.test(`ProtocolConnection as ${role} gives other connections a turn while its peer floods it`, async () => {
    const bytes = concat(Array.from({ length: 300 }, () => frameFor(role, 0x81, "x".repeat(120))));
    const floods = [1, 2, 3, 4].map(() => new Flood(bytes));
    const options = { maxLength: 1000, maxFragments: 1, extension: null, closeTimeout: 1000, highWaterMark: 1000 };
    let open = floods.length;
    let received = 0;
    const ended = Promise.withResolvers<void>();
    for (const flood of floods) {
      const handler: ConnectionHandler = {
        onMessage: () => void (received++),
        onPing() {},
        onPong() {},
        onDrain() {},
        onError() {},
        onClose: () => --open === 0 && ended.resolve(),
      };
      new ProtocolConnection(flood, handler, role, options).start(new Uint8Array(0));
    }
    const reads = () => floods.reduce((sum, flood) => sum + flood.reads, 0);
    let turns = 0;
    let most = 0;
    for (let before = 0; open > 0; before = reads()) {
      await new Promise((resolve) => setTimeout(resolve));
      turns++;
      most = Math.max(most, reads() - before);
    }
    await ended.promise;
    assertLess(most, 4 * READS / 2, "no turn takes everything");
    assert(turns > 3);
    assertEquals(floods.map((flood) => flood.reads), [READS, READS, READS, READS]);
    assert(received > 1000);
  });
}
