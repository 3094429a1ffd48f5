/** A listener that fails ends its own connection with 1011, is reported, and takes nothing else down. */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { ErrorCode, WebSocket, WebSocketError } from "../../mod.ts";
import { ListenerGuard } from "../../src/web/listener_guard.ts";
import { netTest } from "../support/permissions.ts";
import { echo, next, serveSockets } from "./_sockets.ts";

const FAULT = new Error("The listener's own");

/** Everything that a listener may do wrong, by the way in which it listens. */
const WAYS: Record<string, (socket: WebSocket) => void> = {
  "an onmessage that throws": (socket) => {
    socket.onmessage = () => {
      throw FAULT;
    };
  },
  "an onmessage whose promise is rejected": (socket) => {
    socket.onmessage = async () => {
      await null;
      throw FAULT;
    };
  },
  "a listener that throws": (socket) => {
    socket.addEventListener("message", () => {
      throw FAULT;
    });
  },
  "a listener whose promise is rejected": (socket) => {
    socket.addEventListener("message", () => Promise.reject(FAULT), { once: true });
  },
  "a handleEvent that throws": (socket) => {
    socket.addEventListener("message", {
      handleEvent() {
        throw FAULT;
      },
    });
  },
};

/** Collects what is reported to the global scope. */
function reports() {
  const faults: unknown[] = [];
  const listener = (event: ErrorEvent) => {
    event.preventDefault();
    faults.push(event.error);
  };
  addEventListener("error", listener);
  return { faults, [Symbol.dispose]: () => removeEventListener("error", listener) };
}

function assertFailed(event: Event): void {
  const { error } = event as ErrorEvent;
  assertInstanceOf(error, WebSocketError);
  assertEquals([error.code, error.closeCode, error.cause], [ErrorCode.LISTENER_FAILED, 1011, FAULT]);
}

for (const [what, listen] of Object.entries(WAYS)) {
  netTest(`upgradeWebSocket()'s socket: ${what} closes with 1011, and goes to onError`, async () => {
    const faults: unknown[] = [];
    const onError = (fault: unknown) => {
      faults.push(fault);
      return new Response();
    };
    const sockets: WebSocket[] = [];
    await using server = serveSockets((socket) => void sockets.push(socket), false, onError);
    const [innocent, ws] = [new WebSocket(server.url), new WebSocket(server.url)];
    await Promise.all([next(innocent, "open"), next(ws, "open")]);
    const [other, socket] = sockets;
    echo(other);
    listen(socket);
    const [failed, ended] = [next(socket, "error"), next(socket, "close")];
    const answer = next(innocent, "message");
    ws.send("Hi");
    innocent.send("Still there?");
    const { code, reason, wasClean } = await next(ws, "close");
    assertEquals([code, reason, wasClean], [1011, "internal error", true]);
    assertEquals((await answer).data, "Still there?");
    assertFailed(await failed);
    assertEquals((await ended).code, 1006);
    assertEquals(faults, [FAULT]);
    innocent.close();
    await next(innocent, "close");
  });

  netTest(`WebSocket: ${what} closes with 1011, and is an "error" of the global scope`, async () => {
    using reported = reports();
    const closed = Promise.withResolvers<CloseEvent>();
    await using server = serveSockets((socket) => {
      socket.onopen = () => socket.send("Hi");
      socket.onclose = (event) => closed.resolve(event);
    });
    const ws = new WebSocket(server.url);
    listen(ws);
    const failed = next(ws, "error");
    await next(ws, "close");
    assertFailed(await failed);
    const { code, reason } = await closed.promise;
    assertEquals([code, reason], [1011, "internal error"]);
    assertEquals(reported.faults, [FAULT]);
  });
}

netTest(
  "upgradeWebSocket()'s socket under Deno.serve reports to the global scope, and the server goes on",
  async () => {
    using reported = reports();
    const sockets: WebSocket[] = [];
    await using server = serveSockets((socket) => void sockets.push(socket), true);
    const ws = new WebSocket(server.url);
    await next(ws, "open");
    WAYS["an onmessage that throws"](sockets[0]);
    const failed = next(sockets[0], "error");
    ws.send("Hi");
    assertEquals((await next(ws, "close")).code, 1011);
    assertFailed(await failed);
    assertEquals(reported.faults, [FAULT]);
    const again = new WebSocket(server.url);
    await next(again, "open");
    again.close();
    await next(again, "close");
  },
);

netTest("WebSocket reports errors of close listeners, and calls the others", async () => {
  using reported = reports();
  await using server = serveSockets((socket) => socket.onopen = () => socket.close(4000));
  const ws = new WebSocket(server.url);
  ws.addEventListener("close", () => {
    throw FAULT;
  });
  assertEquals((await next(ws, "close")).code, 4000);
  assertEquals(reported.faults, [FAULT]);
});

netTest("WebSocket drops the messages after the one whose listener failed", async () => {
  using reported = reports();
  await using server = serveSockets((socket) => {
    socket.onopen = () => ["a", "b", "c"].forEach((text) => socket.send(text));
  });
  const ws = new WebSocket(server.url);
  const received: string[] = [];
  ws.onmessage = ({ data }) => {
    received.push(data);
    throw FAULT;
  };
  await next(ws, "close");
  assertEquals([received, reported.faults], [["a"], [FAULT]]);
});

netTest("WebSocket.removeEventListener() removes what was added", async () => {
  await using server = serveSockets(echo);
  const ws = new WebSocket(server.url);
  await next(ws, "open");
  const received: string[] = [];
  const listener = ({ data }: MessageEvent) => void received.push(data);
  const object = { handleEvent: () => void received.push("object") };
  for (const added of [listener, listener, object]) ws.addEventListener("message", added as EventListener);
  ws.send("a");
  await next(ws, "message");
  assertEquals(received, ["a", "object"]);
  ws.removeEventListener("message", listener);
  ws.removeEventListener("message", object);
  ws.removeEventListener("message", null);
  ws.send("b");
  await next(ws, "message");
  assertEquals(received, ["a", "object"]);
  ws.close();
  await next(ws, "close");
});

Deno.test("ListenerGuard.guard() returns the same for the same listener, and leaves other values to the target", () => {
  const guard = new ListenerGuard(() => {});
  const listener = () => {};
  assert(guard.guard(listener) === guard.guard(listener));
  assert(guard.guard(listener) !== guard.guard(() => {}));
  assertEquals([guard.guard(null), guard.guard(5 as never)], [null, 5 as never]);
});
