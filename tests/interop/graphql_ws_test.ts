// The Deno server of graphql-ws, with our upgradeWebSocket in the place of the runtime's own, and its client over Deno's.
import { assertEquals } from "@std/assert";
import { testWith } from "../support/permissions.ts";
import { listen } from "./_replaced_upgrade.ts";

const NEEDS = { net: true, read: true, write: true, env: true, sys: true };

for (const kind of ["serve", "Deno.serve"]) {
  testWith(NEEDS, `graphql-ws serves on upgradeWebSocket() under ${kind}`, async () => {
    const { buildSchema } = await import("npm:graphql@16.11.0");
    const { makeHandler } = await import("npm:graphql-ws@6.4.2/use/deno");
    const { createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL } = await import("npm:graphql-ws@6.4.2");
    const schema = buildSchema("type Query { hello: String } type Subscription { count: Int }");
    const roots = {
      query: { hello: () => "world" },
      subscription: {
        async *count() {
          for (let count = 1; count <= 3; count++) yield { count };
        },
      },
    };
    const handle = makeHandler({ schema: schema as never, roots });
    await using server = listen(kind, (request) => {
      const { socket, response } = Deno.upgradeWebSocket(request, { protocol: GRAPHQL_TRANSPORT_WS_PROTOCOL });
      handle(socket);
      return response;
    });
    const closed = Promise.withResolvers<{ code: number; wasClean: boolean }>();
    const on = { closed: (event: unknown) => closed.resolve(event as CloseEvent) };
    const client = createClient({ url: server.url, webSocketImpl: globalThis.WebSocket, retryAttempts: 0, on });
    const results: unknown[] = [];
    for (const query of ["{ hello }", "subscription { count }"]) {
      for await (const { data } of client.iterate({ query })) results.push(data);
    }
    assertEquals(JSON.stringify(results), '[{"hello":"world"},{"count":1},{"count":2},{"count":3}]');
    await client.dispose();
    const { code, wasClean } = await closed.promise;
    assertEquals([code, wasClean], [1000, true]);
  });
}
