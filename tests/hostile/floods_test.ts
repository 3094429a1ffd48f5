// Peers that send much, little by little, without reading.
import { assert, assertEquals, assertLess } from "@std/assert";
import type { Role } from "../../protocol.ts";
import { Endpoint, FEEDS, ROLES } from "../support/endpoint.ts";
import { concat, cut, frameFor } from "../support/frames.ts";
import { growth } from "../support/growth.ts";
import { meet, READ_PATHS } from "./paths.ts";

for (const role of ROLES) {
  for (const feed of FEEDS) {
    // Row: single-bytes
    Deno.test(`receive() as ${role} takes a message byte by byte in linear time (${feed})`, () => {
      const byteByByte = (length: number) => {
        const endpoint = new Endpoint(role);
        const bytes = frameFor(role, 0x82, new Uint8Array(length));
        endpoint.feed(cut(bytes, 1), feed);
        assertEquals(endpoint.messages.length, 1);
      };
      assertLess(growth(byteByByte, 1 << 13), 32);
    });

    // Row: single-bytes, endless-fragments
    Deno.test(`receive() as ${role} keeps a message of tiny pieces in little more than its bytes (${feed})`, () => {
      const endpoint = new Endpoint(role);
      endpoint.feed([frameFor(role, 0x02, Uint8Array.of(1))], feed);
      const fragment = frameFor(role, 0x00, Uint8Array.of(1));
      for (let count = 0; count < 20_000; count++) endpoint.feed(cut(fragment, 1), feed);
      const { pool, slab } = endpoint.platform;
      assertLess(pool.lent + slab.given, 4 * 20_000 + 64 * 1024);
    });
  }

  for (const path of READ_PATHS) {
    // Row: ping-flood
    Deno.test(`a ${role} that reads by ${path.name} answers the last of many Pings whose Pongs nobody reads`, async () => {
      const { ws, peer, closed, events } = await meet(role, path);
      const pings = 1_000_000 / 100;
      const batch = (from: number) =>
        concat(
          Array.from({ length: 100 }, (_, i) => peer.frameOf(0x89, new Uint8Array(Uint32Array.of(from + i).buffer))),
        );
      let most = 0;
      for (let sent = 0; sent < pings; sent += 100) {
        await peer.write(batch(sent));
        most = Math.max(most, ws.bufferedAmount);
      }
      assertLess(most, 256 * 1024);
      await peer.send(0x81, "done");
      const last = `pong ${new Uint8Array(Uint32Array.of(pings - 1).buffer).toHex()}`;
      while (await peer.frame() !== last);
      ws.terminate();
      peer.leave();
      await closed;
      assertEquals(events.filter((event) => event.startsWith("error")), []);
    });
  }

  // Row: endless-fragments
  Deno.test(`a ${role} with default limits accepts 4 MiB in 65,537 fragments`, async () => {
    const [path] = READ_PATHS;
    const { ws, peer, closed, events } = await meet(role, path);
    await writeFragments(role, peer, 65_536, 64);
    await peer.send(0x89, "!");
    while (await peer.frame() !== "pong 21");
    assertEquals(events.map((event) => event.length), ["binary ".length + 2 * 64 * 65_537]);
    assert(events[0].startsWith("binary 0102"));
    ws.terminate();
    peer.leave();
    await closed;
  });

  // Row: length-size, message-too-long
  Deno.test(`readBuffer() as ${role} reserves nothing for what a thousand headers claim`, () => {
    const endpoints = Array.from({ length: 1000 }, () => new Endpoint(role));
    const header = frameFor(role, 0x82, new Uint8Array(1)).slice(0, role === "server" ? 6 : 2);
    const claim = concat([
      Uint8Array.of(0x82, header[1] & 0x80 | 127, 0, 0, 0, 0, 3, 255, 255, 255),
      header.slice(2),
    ]);
    let reserved = 0;
    for (const endpoint of endpoints) {
      endpoint.feed([claim], "readBuffer");
      reserved += endpoint.protocol.readBuffer().length;
      assertEquals(endpoint.events, []);
    }
    assertLess(reserved / endpoints.length, 64 * 1024 + 1);
  });
}

async function writeFragments(
  role: Role,
  peer: { write(bytes: Uint8Array): Promise<void> },
  count: number,
  size: number,
) {
  const payload = Uint8Array.from({ length: size }, (_, i) => i + 1);
  await peer.write(frameFor(role, 0x02, payload));
  const fragment = frameFor(role, 0x00, payload);
  const batch = concat(Array.from({ length: 1024 }, () => fragment));
  for (let sent = 1; sent < count; sent += 1024) {
    await peer.write(batch.subarray(0, fragment.length * Math.min(1024, count - sent)));
  }
  await peer.write(frameFor(role, 0x80, payload));
}
