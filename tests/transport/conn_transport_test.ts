import { assertEquals, assertRejects } from "@std/assert";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { ConnTransport } from "../../src/transport/conn_transport.ts";
import { netTest } from "../support/permissions.ts";

/** A connection that records what it is asked, and takes at most `step` bytes a write. */
class FakeConn {
  taken: number[] = [];
  writes = 0;
  noDelay: boolean[] = [];
  closed = 0;
  #step: number;

  constructor(step = Infinity) {
    this.#step = step;
  }

  write(bytes: Uint8Array): Promise<number> {
    this.writes++;
    this.taken.push(...bytes.subarray(0, this.#step));
    return Promise.resolve(Math.min(this.#step, bytes.length));
  }

  setNoDelay(noDelay: boolean): void {
    this.noDelay.push(noDelay);
  }

  close(): void {
    if (this.closed++ > 0) throw new Deno.errors.BadResource("Bad resource ID");
  }
}

function transportOver(conn: FakeConn): ConnTransport {
  return new ConnTransport(conn as unknown as Deno.Conn);
}

Deno.test("ConnTransport turns Nagle's algorithm off", () => {
  const conn = new FakeConn();
  transportOver(conn);
  assertEquals(conn.noDelay, [true]);
});

Deno.test("ConnTransport accepts a connection that refuses setNoDelay()", () => {
  const conn = new FakeConn();
  conn.setNoDelay = () => {
    throw new Deno.errors.InvalidData("Invalid argument");
  };
  transportOver(conn).close();
  assertEquals(conn.closed, 1);
});

Deno.test("ConnTransport.write() writes a whole buffer in one step if the system accepts it", async () => {
  const conn = new FakeConn();
  await transportOver(conn).write(Uint8Array.of(1, 2, 3));
  assertEquals([conn.taken, conn.writes], [[1, 2, 3], 1]);
});

Deno.test("ConnTransport.write() continues after a partial write", async () => {
  const conn = new FakeConn(3);
  await transportOver(conn).write(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8));
  assertEquals([conn.taken, conn.writes], [[1, 2, 3, 4, 5, 6, 7, 8], 3]);
});

Deno.test("ConnTransport.close() closes once, and accepts a connection that is already closed", () => {
  const conn = new FakeConn();
  const transport = transportOver(conn);
  transport.close();
  transport.close();
  assertEquals(conn.closed, 1);
  transportOver(conn).close();
});

netTest("ConnTransport.read() rejects with ConnectionReset after a reset", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const peer: Socket = connect(listener.addr.port, "127.0.0.1");
  const transport = new ConnTransport(await listener.accept());
  await once(peer, "connect");
  const read = assertRejects(() => transport.read(new Uint8Array(1)), Deno.errors.ConnectionReset);
  const closed = once(peer, "close");
  peer.resetAndDestroy();
  await read;
  await closed;
  await assertRejects(() => transport.write(new Uint8Array(1)), Deno.errors.BrokenPipe);
  transport.close();
});
