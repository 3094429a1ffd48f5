import {
  assert,
  assertEquals,
  assertExists,
  assertFalse,
  assertGreater,
  assertGreaterOrEqual,
  assertInstanceOf,
  AssertionError,
  assertLess,
  assertLessOrEqual,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
  equal,
  fail,
  unreachable,
} from "@std/assert";
import { decodeBase64, encodeBase64 } from "@std/encoding/base64";
import { decodeHex, encodeHex } from "@std/encoding/hex";
import { STATUS_CODE, STATUS_TEXT } from "@std/http/status";
import { testWith } from "./support/permissions.ts";

// These hold for the stand-ins in links/ and for the registry's own packages alike: whichever resolves is checked.

/** Written without @std/assert, which is what is tested here. */
function failureOf(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw new Error("Another error than AssertionError was thrown", { cause: error });
  }
  throw new Error("The assertion passed though it should fail");
}

async function rejectionOf(fn: () => Promise<unknown>): Promise<Error> {
  try {
    await fn();
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw new Error("Another error than AssertionError was thrown", { cause: error });
  }
  throw new Error("The assertion passed though it should fail");
}

const cycle = (): unknown => {
  const object: Record<string, unknown> = { name: "cycle" };
  object.self = object;
  return object;
};

const EQUAL: readonly (readonly [string, unknown, unknown])[] = [
  ["numbers", 1, 1],
  ["NaN", NaN, NaN],
  ["strings", "a", "a"],
  ["objects in any order of keys", { a: 1, b: [2, { c: 3 }] }, { b: [2, { c: 3 }], a: 1 }],
  ["bytes", new Uint8Array([1, 2, 3]), new Uint8Array([0, 1, 2, 3]).subarray(1)],
  ["sixteen bits", new Uint16Array([1, 65535]), new Uint16Array([1, 65535])],
  ["no bytes", new Uint8Array(), new Uint8Array()],
  ["maps", new Map([["a", { b: 1 }], ["c", { b: 2 }]]), new Map([["c", { b: 2 }], ["a", { b: 1 }]])],
  ["sets", new Set([1, 2]), new Set([2, 1])],
  ["sets of objects", new Set([{ a: 1 }, { a: 2 }]), new Set([{ a: 2 }, { a: 1 }])],
  ["dates", new Date(5), new Date(5)],
  ["URLs", new URL("ws://localhost/a"), new URL("ws://localhost/a")],
  ["cycles", cycle(), cycle()],
];

const UNEQUAL: readonly (readonly [string, unknown, unknown])[] = [
  ["numbers", 1, 2],
  ["types", 1, "1"],
  ["null and undefined", null, undefined],
  ["a missing property", { a: 1 }, { a: 1, b: 2 }],
  ["one property more", { a: 1, b: 2 }, { a: 1 }],
  ["something deep", { a: [{ b: 1 }] }, { a: [{ b: 2 }] }],
  ["lengths", [1], [1, 2]],
  ["bytes", new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  ["more bytes", new Uint8Array([1]), new Uint8Array([1, 0])],
  ["classes of bytes", new Uint8Array([1]), new Int8Array([1])],
  ["bytes and a list", new Uint8Array([1]), [1]],
  ["maps' values", new Map([["a", 1]]), new Map([["a", 2]])],
  ["maps' keys", new Map([["a", 1]]), new Map([["b", 1]])],
  ["sets", new Set([1]), new Set([2])],
  ["sets of objects", new Set([{ a: 1 }, { a: 1 }]), new Set([{ a: 1 }, { a: 2 }])],
  ["dates", new Date(5), new Date(6)],
  ["URLs", new URL("ws://localhost/a"), new URL("ws://localhost/b")],
  ["errors' messages", new Error("a"), new Error("b")],
];

for (const [what, a, b] of EQUAL) {
  Deno.test(`assertEquals() accepts equal ${what}`, () => {
    assertEquals(a, b);
    assert(equal(b, a));
    failureOf(() => assertNotEquals(a, b));
  });
}

for (const [what, a, b] of UNEQUAL) {
  Deno.test(`assertEquals() tells ${what} apart`, () => {
    failureOf(() => assertEquals(a, b));
    failureOf(() => assertEquals(b, a));
    assertNotEquals(a, b);
  });
}

Deno.test("assertEquals() shows both values and the caller's message", () => {
  const { message } = failureOf(() => assertEquals({ answer: 41 }, { answer: 42 }, "the answer"));
  for (const part of ["41", "42", "the answer"]) {
    if (!message.includes(part)) throw new Error(`${part} is not in: ${message}`);
  }
});

Deno.test("assertStrictEquals() requires the same object", () => {
  const object = {};
  assertStrictEquals(object, object);
  assertStrictEquals(NaN, NaN);
  failureOf(() => assertStrictEquals({}, {}));
});

Deno.test("assert() and assertFalse() accept truthy and falsy values", () => {
  assert(1);
  assertFalse(0);
  failureOf(() => assert(""));
  failureOf(() => assertFalse("x"));
  assertFalse(equal(1, 2));
});

Deno.test("assertThrows() returns the error that it checked", () => {
  const error = assertThrows(() => JSON.parse("{"), SyntaxError, "JSON");
  assertInstanceOf(error, SyntaxError);
  assertThrows(() => JSON.parse("{"));
  failureOf(() => assertThrows(() => 1));
  failureOf(() => assertThrows(() => JSON.parse("{"), TypeError));
  failureOf(() => assertThrows(() => JSON.parse("{"), SyntaxError, "no such words"));
});

Deno.test("assertRejects() returns the error that it checked", async () => {
  const reject = () => Promise.reject(new RangeError("out of range"));
  assertInstanceOf(await assertRejects(reject, RangeError, "out of"), RangeError);
  await assertRejects(reject);
  await rejectionOf(() => assertRejects(() => Promise.resolve(1)));
  await rejectionOf(() => assertRejects(reject, TypeError));
  await rejectionOf(() => assertRejects(reject, RangeError, "no such words"));
  await rejectionOf(() =>
    assertRejects(() => {
      throw new RangeError("before there was a promise");
    }, RangeError)
  );
});

Deno.test("the other assertions pass and fail", () => {
  assertExists(0);
  assertStringIncludes("upgrade", "grad");
  assertMatch("HTTP/1.1", /^HTTP\/\d/);
  assertGreater(2, 1);
  assertGreaterOrEqual(2, 2);
  assertLess(1, 2);
  assertLessOrEqual(2, 2);
  failureOf(() => assertExists(null));
  failureOf(() => assertInstanceOf(new Error(), TypeError));
  failureOf(() => assertStringIncludes("upgrade", "x"));
  failureOf(() => assertMatch("x", /y/));
  failureOf(() => assertGreater(1, 1));
  failureOf(() => assertGreaterOrEqual(1, 2));
  failureOf(() => assertLess(1, 1));
  failureOf(() => assertLessOrEqual(2, 1));
  failureOf(() => fail("because"));
  failureOf(() => unreachable());
});

// RFC 4648 §10.
const BASE64 = [["", ""], ["f", "Zg=="], ["fo", "Zm8="], ["foo", "Zm9v"], ["foobar", "Zm9vYmFy"]] as const;

for (const [text, encoded] of BASE64) {
  Deno.test(`encodeBase64() turns "${text}" into "${encoded}"`, () => {
    assertEquals(encodeBase64(text), encoded);
    assertEquals(decodeBase64(encoded), new TextEncoder().encode(text));
  });
}

Deno.test("decodeBase64() reads back every byte that encodeBase64() wrote", () => {
  const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i % 256);
  for (const length of [254, 255, 256, 1000]) {
    assertEquals(decodeBase64(encodeBase64(bytes.subarray(0, length))), bytes.subarray(0, length));
  }
  assertEquals(encodeBase64(bytes.buffer), encodeBase64(bytes));
});

Deno.test("decodeBase64() throws if the text is not base64", () => {
  for (const text of ["Z", "Zg=a", "Zm\u00e4v"]) assertThrows(() => decodeBase64(text));
});

Deno.test("encodeHex() and decodeHex() undo each other", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  assertEquals(encodeHex(new Uint8Array([0, 15, 255])), "000fff");
  assertEquals(decodeHex("000FfF"), new Uint8Array([0, 15, 255]));
  assertEquals(decodeHex(encodeHex(bytes)), bytes);
  assertThrows(() => decodeHex("0"), RangeError);
  assertThrows(() => decodeHex("0g"), TypeError);
});

Deno.test("STATUS_CODE and STATUS_TEXT name the statuses of a handshake", () => {
  assertEquals(STATUS_TEXT[STATUS_CODE.SwitchingProtocols], "Switching Protocols");
  assertEquals(STATUS_CODE.BadRequest, 400);
  assertEquals(STATUS_CODE.MethodNotAllowed, 405);
  assertEquals(STATUS_CODE.RequestTimeout, 408);
  assertEquals(STATUS_CODE.URITooLong, 414);
  assertEquals(STATUS_CODE.UpgradeRequired, 426);
  assertEquals(STATUS_CODE.RequestHeaderFieldsTooLarge, 431);
  assertEquals(STATUS_TEXT[431], "Request Header Fields Too Large");
});

testWith({ read: true }, "deno.json is whole without its lines about links, as a release has it", () => {
  const text = Deno.readTextFileSync(new URL("../deno.json", import.meta.url));
  const config = JSON.parse(text.split("\n").filter((line) => !line.includes('"links')).join("\n"));
  assertFalse(JSON.stringify(config).includes("links"));
  for (const name of ["assert", "encoding", "http"]) {
    assertStringIncludes(config.imports[`@std/${name}`], `jsr:@std/${name}@^1`);
  }
});
