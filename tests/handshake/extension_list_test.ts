import { assert, assertEquals, assertThrows } from "@std/assert";
import { formatExtensions, parseExtensions } from "../../src/handshake/extension_list.ts";
import { growth, shortestTime } from "../http/_bytes.ts";

// RFC 9110 §5.6.4 MUST
Deno.test("parseExtensions() reads the examples of RFC 6455 9.1", () => {
  assertEquals(parseExtensions("foo"), [{ name: "foo", parameters: [] }]);
  assertEquals(parseExtensions("bar; baz=2"), [{ name: "bar", parameters: [{ name: "baz", value: "2" }] }]);
  assertEquals(parseExtensions("foo, bar; baz=2"), [
    { name: "foo", parameters: [] },
    { name: "bar", parameters: [{ name: "baz", value: "2" }] },
  ]);
  assertEquals(parseExtensions('deflate-stream, mux; max-channels=4; flow-control, private-extension;a="b"')[1], {
    name: "mux",
    parameters: [{ name: "max-channels", value: "4" }, { name: "flow-control", value: null }],
  });
});

Deno.test("parseExtensions() keeps order, duplicates and case", () => {
  assertEquals(parseExtensions("x;a;A;a=1,y,x"), [
    {
      name: "x",
      parameters: [{ name: "a", value: null }, { name: "A", value: null }, { name: "a", value: "1" }],
    },
    { name: "y", parameters: [] },
    { name: "x", parameters: [] },
  ]);
});

Deno.test("parseExtensions() accepts white space and empty elements wherever lists allow them", () => {
  const expected = [{ name: "a", parameters: [{ name: "b", value: "c" }] }, { name: "d", parameters: [] }];
  for (
    const value of [
      "a;b=c,d",
      " a ; b = c , d ",
      "\ta\t;\tb\t=\tc\t,\td\t",
      ",,a;b=c,,d,",
      'a;b="c",d',
      'a; b = "\\c", d',
    ]
  ) {
    assertEquals(parseExtensions(value), expected, value);
  }
});

// Row: prototype-names
Deno.test("parseExtensions() gives no meaning to the names of Object.prototype", () => {
  assertEquals(parseExtensions("__proto__; constructor=1; toString"), [{
    name: "__proto__",
    parameters: [{ name: "constructor", value: "1" }, { name: "toString", value: null }],
  }]);
});

// RFC 6455 §4.3 MUST
// RFC 6455 §9.1 MUST grammar
Deno.test("parseExtensions() refuses what doesn't follow the grammar", () => {
  const refused = [
    "",
    " ",
    ",",
    ";",
    ";b",
    "=b",
    "a;",
    "a;;b",
    "a;b=",
    "a;=c",
    "a;b=c=d",
    "a b",
    "a;b c",
    "a;b=c d",
    "a=b",
    '"a"',
    'a;"b"',
    'a;b="c',
    'a;b=""',
    'a;b="c d"',
    'a;b="c,d"',
    'a;b="c;d"',
    'a;b="c\\"',
    'a;b="c"d',
    'a;b=c"d"',
    "a;b='c d'",
    "a/b",
    "caf\xe9",
    "a;b=\xe9",
    "a,b c",
    "a;b=1,c;",
  ];
  for (const value of refused) {
    assertThrows(() => parseExtensions(value), SyntaxError, "Cannot read the extensions", value);
  }
});

// Row: long-lists
Deno.test("parseExtensions() takes linear time on hostile values", () => {
  const attacks: ((size: number) => string)[] = [
    (size) => "a" + " ".repeat(size),
    (size) => "a;b=" + " ".repeat(size),
    (size) => 'a;b="' + "\\c".repeat(size),
    (size) => 'a;b="' + "\\c".repeat(size) + '"',
    (size) => 'a;b="' + "c".repeat(size),
    (size) => "a" + ";b".repeat(size),
    (size) => "a" + ",".repeat(size),
    (size) => "a;".repeat(size),
  ];
  for (const [index, attack] of attacks.entries()) {
    const run = (size: number) => {
      try {
        parseExtensions(attack(size));
      } catch (error) {
        assert(error instanceof SyntaxError);
      }
    };
    assert(shortestTime(() => run(65_536)) < 100, `attack ${index}`);
    const ratio = growth(run, 16_384);
    assert(ratio < 40, `attack ${index}: ${ratio}`);
  }
});

// RFC 9110 §5.6.3 SHOULD
Deno.test("formatExtensions() writes what parseExtensions() reads", () => {
  for (const value of ["a", "a; b", "a; b=c", "a; b=c; d, e; f"]) {
    assertEquals(formatExtensions(parseExtensions(value)), value);
  }
  assertEquals(formatExtensions(parseExtensions('a;b="\\c"')), "a; b=c");
  assertEquals(formatExtensions([]), "");
});

Deno.test("formatExtensions() refuses names and values that are not tokens", () => {
  for (const text of ["", "a b", "a,b", "a\r\nX: y", '"a"']) {
    assertThrows(() => formatExtensions([{ name: text, parameters: [] }]), TypeError);
    assertThrows(() => formatExtensions([{ name: "a", parameters: [{ name: text, value: null }] }]), TypeError);
    assertThrows(() => formatExtensions([{ name: "a", parameters: [{ name: "b", value: text }] }]), TypeError);
  }
});
