import { assert, assertEquals, assertFalse } from "@std/assert";
import { Endpoint, FEEDS, ROLES } from "../support/endpoint.ts";
import { concat, cut, frameFor, hex, pattern } from "../support/frames.ts";

for (const role of ROLES) {
  for (const feed of FEEDS) {
    Deno.test(`pause() as ${role} within a delivery holds the rest back, and resume() loses nothing (${feed})`, () => {
      const endpoint = new Endpoint(role);
      const { protocol } = endpoint;
      endpoint.onEvent = () => protocol.pause();
      const frames = concat([
        frameFor(role, 0x81, "a"),
        frameFor(role, 0x89, "b"),
        frameFor(role, 0x01, "c"),
        frameFor(role, 0x80, "d"),
        frameFor(role, 0x82, "e"),
      ]);
      endpoint.feed([frames], feed);
      const expected = ["text a", "ping 62", "text cd", "binary 65"];
      for (let count = 1; count <= expected.length; count++) {
        assertEquals(endpoint.events, expected.slice(0, count));
        assert(protocol.blocked);
        protocol.resume();
      }
      assertEquals(endpoint.events, expected);
      assertFalse(protocol.blocked);
      assertEquals(endpoint.sent(), ["pong 62"]);
    });

    Deno.test(`pause() as ${role} before anything arrives holds all of it back (${feed})`, () => {
      const endpoint = new Endpoint(role);
      const texts = Array.from({ length: 3000 }, (_, index) => `message ${index}`);
      const bytes = concat(texts.map((text) => frameFor(role, 0x81, text)));
      for (const length of [1, 7, 1000, 50_000]) {
        endpoint.protocol.pause();
        endpoint.feed(cut(bytes, length), feed);
        assertEquals(endpoint.messages, []);
        endpoint.protocol.resume();
        assertEquals(endpoint.messages.splice(0), texts);
      }
    });

    Deno.test(`pause() as ${role} in the middle of a large message holds its end back (${feed})`, () => {
      const bytes = concat([frameFor(role, 0x82, pattern(100_000)), frameFor(role, 0x81, "next")]);
      for (const at of [3, 5000, 90_000, 99_999]) {
        const endpoint = new Endpoint(role);
        endpoint.feed([bytes.subarray(0, at)], feed);
        endpoint.protocol.pause();
        endpoint.feed(cut(bytes.subarray(at), 10_007), feed);
        assertEquals(endpoint.messages.length, 0);
        endpoint.protocol.resume();
        assertEquals(endpoint.messages, [pattern(100_000), "next"]);
      }
    });
  }

  Deno.test(`resume() as ${role} within the delivery that paused continues as if nothing had happened`, () => {
    const endpoint = new Endpoint(role);
    endpoint.onEvent = () => {
      endpoint.protocol.pause();
      endpoint.protocol.resume();
    };
    endpoint.feed([concat(["a", "b", "c"].map((text) => frameFor(role, 0x81, text)))]);
    assertEquals(endpoint.messages, ["a", "b", "c"]);
  });

  Deno.test(`pause() as ${role} holds back a violation and a Close along with what comes before them`, () => {
    for (
      const [end, event] of [[hex("83"), "error WS_RESERVED_OPCODE 1002"], [
        frameFor(role, 0x88, hex("03e8")),
        "close 1000",
      ]] as const
    ) {
      const endpoint = new Endpoint(role);
      endpoint.protocol.pause();
      endpoint.feed([concat([frameFor(role, 0x81, "a"), end])]);
      assertEquals([endpoint.events, endpoint.protocol.state], [[], "open"]);
      endpoint.protocol.resume();
      assertEquals([endpoint.events, endpoint.protocol.state], [["text a", event], "closed"]);
    }
  });

  Deno.test(`close() as ${role} while paused drops what is held back`, () => {
    const endpoint = new Endpoint(role);
    endpoint.protocol.pause();
    endpoint.feed([frameFor(role, 0x81, "a")]);
    endpoint.protocol.close();
    endpoint.protocol.resume();
    assertEquals(endpoint.events, []);
  });

  Deno.test(`resume() as ${role} without a pause does nothing`, () => {
    const endpoint = new Endpoint(role);
    endpoint.protocol.resume();
    endpoint.feed([frameFor(role, 0x81, "a")]);
    endpoint.protocol.resume();
    assertEquals(endpoint.events, ["text a"]);
  });

  Deno.test(`receive() as ${role} within a delivery queues after what is being delivered`, () => {
    const endpoint = new Endpoint(role);
    let more = 3;
    endpoint.onEvent = () => {
      if (more-- > 0) endpoint.feed([frameFor(role, 0x81, `more ${more}`), frameFor(role, 0x82, pattern(2000))]);
    };
    endpoint.feed([concat([frameFor(role, 0x81, "a"), frameFor(role, 0x81, "b")])]);
    assertEquals(endpoint.messages, [
      "a",
      "b",
      "more 2",
      pattern(2000),
      "more 1",
      pattern(2000),
      "more 0",
      pattern(2000),
    ]);
  });

  Deno.test(`receive() as ${role} while paused takes linear time for single bytes`, () => {
    const endpoint = new Endpoint(role);
    const message = frameFor(role, 0x82, new Uint8Array(100));
    endpoint.protocol.pause();
    const bytes = cut(concat(Array(5000).fill(message)), 1);
    const lent = endpoint.platform.pool.lent;
    endpoint.feed(bytes);
    // A block that is exchanged each time would add up to many times the bytes.
    assert(endpoint.platform.pool.lent - lent < 4 * bytes.length);
    endpoint.protocol.resume();
    assertEquals(endpoint.messages.length, 5000);
  });
}
