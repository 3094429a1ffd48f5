/** Our server on `serve`. */
import { serve } from "@wsd/driver";
import { echo } from "./echo.ts";
import { identity, ready } from "./setup.js";

const server = serve({ port: 0, ...identity, onListen: () => {} }, echo);
ready((server.addr as Deno.NetAddr).port);
