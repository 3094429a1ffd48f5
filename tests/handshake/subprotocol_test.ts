import { assert, assertEquals, assertThrows } from "@std/assert";
import { checkSubprotocols, chooseSubprotocol, parseSubprotocols } from "../../src/handshake/subprotocol.ts";
import { growth, shortestTime } from "../http/_bytes.ts";

// Row: subprotocols
Deno.test("parseSubprotocols() reads lists with and without white space alike", () => {
  for (const value of ["a,b", "a, b", "a , b", "\ta\t,\tb ", ",a,,b,", "a, , b"]) {
    assertEquals(parseSubprotocols(value), ["a", "b"], value);
  }
});

Deno.test("parseSubprotocols() keeps order and case, and accepts any name", () => {
  assertEquals(parseSubprotocols("Chat, chat, __proto__, constructor"), ["Chat", "chat", "__proto__", "constructor"]);
});

// Row: subprotocols
Deno.test("parseSubprotocols() refuses anything but a list of distinct tokens", () => {
  for (const value of ["", " ", ",", "a b", "a;b", '"a"', "a, b c", "a/b", "a, a", "b,a,b", "caf\xe9", "a=1", "a\0"]) {
    assertThrows(() => parseSubprotocols(value), SyntaxError, "Cannot read the subprotocols", value);
  }
});

// Row: long-lists
Deno.test("parseSubprotocols() takes linear time on hostile values", () => {
  for (const filler of [" ", ",", "\\c", '"\\c', "a ", "a,"]) {
    const attack = (size: number) => {
      try {
        parseSubprotocols("a" + filler.repeat(size));
      } catch (error) {
        assert(error instanceof SyntaxError);
      }
    };
    assert(shortestTime(() => attack(65_536)) < 50, JSON.stringify(filler));
  }
  const ratio = growth((size) => parseSubprotocols("a" + " ".repeat(size) + ",b"), 65_536);
  assert(ratio < 32, String(ratio));
});

Deno.test("chooseSubprotocol() chooses the client's first that the server accepts", () => {
  assertEquals(chooseSubprotocol(["a", "b", "c"], ["c", "b"]), "b");
  assertEquals(chooseSubprotocol(["a", "b"], ["B"]), null);
  assertEquals(chooseSubprotocol(["a"], []), null);
  assertEquals(chooseSubprotocol([], ["a"]), null);
});

// RFC 6455 §4.1 MUST subprotocols
Deno.test("checkSubprotocols() accepts an array of distinct tokens", () => {
  checkSubprotocols([]);
  checkSubprotocols(["soap", "Soap", "v2.wamp"]);
});

Deno.test("checkSubprotocols() names the option that is wrong", () => {
  for (const names of [[""], ["a b"], ["a,b"], ["a\r\n"], ["a", "a"], [1], "chat", null]) {
    assertThrows(() => checkSubprotocols(names as string[], "protocols"), TypeError, "protocols");
  }
  assertThrows(() => checkSubprotocols(["a b"]), TypeError, "acceptProtocols");
  assertThrows(() => checkSubprotocols([1 as unknown as string]), TypeError, "array of strings, received number");
});
