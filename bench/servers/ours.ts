/** Our server on `serve`. */
import { serve } from "@wsd/driver";
import { echo } from "./echo.ts";
import { identity, ready, setup } from "./setup.js";

const { sharedPort } = setup;
const server = serve(
  { port: sharedPort ?? 0, reusePort: sharedPort !== undefined, ...identity, onListen: () => {} },
  echo,
);
ready((server.addr as Deno.NetAddr).port);
