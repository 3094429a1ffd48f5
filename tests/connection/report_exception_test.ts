// Whatever an application throws can be reported: nothing of what is thrown may stop what other connections wait for.
import { assertEquals, assertStrictEquals } from "@std/assert";
import { reportException } from "../../src/connection/report_exception.ts";
import { SharedTimeout } from "../../src/connection/shared_timeout.ts";
import { WriteTurns } from "../../src/connection/write_turns.ts";
import { PrintedErrors, UncaughtErrors } from "../support/uncaught.ts";

const revoked = Proxy.revocable({}, {});
revoked.revoke();

/** What can't be converted to text, or throws if asked for its message. */
const AWKWARD: Readonly<Record<string, unknown>> = {
  "an object without a prototype": Object.create(null),
  "a revoked Proxy": revoked.proxy,
  "an object whose toString() throws": {
    toString() {
      throw new Error("no text");
    },
  },
  "an error whose message throws": Object.defineProperty(new Error(), "message", {
    get() {
      throw new Error("no message");
    },
  }),
  "an error whose message is a symbol": Object.assign(new Error(), { message: Symbol("odd") }),
  "an object that can't be inspected": {
    [Symbol.for("Deno.customInspect")]() {
      throw new Error("nothing to see");
    },
  },
  "a symbol": Symbol("thrown"),
};

for (const [name, exception] of Object.entries(AWKWARD)) {
  Deno.test(`reportException() reports ${name}`, () => {
    using uncaught = new UncaughtErrors();
    reportException(exception);
    assertEquals(uncaught.values.length, 1);
    assertStrictEquals(uncaught.values[0], exception);
  });

  Deno.test(`reportException() prints ${name}`, () => {
    using printed = new PrintedErrors();
    reportException(exception);
    assertEquals(printed.values.length, 1);
  });

  Deno.test(`SharedTimeout and WriteTurns go on after a callback has thrown ${name}`, async () => {
    using uncaught = new UncaughtErrors();
    const fail = () => {
      throw exception;
    };
    WriteTurns.enter({ onWriteTurn: fail });
    await new Promise<void>((resolve) => WriteTurns.enter({ onWriteTurn: resolve }));
    SharedTimeout.after(7, fail);
    await new Promise<void>((resolve) => SharedTimeout.after(7, resolve));
    assertEquals(uncaught.values.length, 2);
  });
}
