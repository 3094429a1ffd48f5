/** Our server over the runtime's own socket, under `Deno.serve`. */
import { echo } from "./echo.ts";
import { identity, ready } from "./setup.js";

Deno.serve({ port: 0, ...identity, onListen: ({ port }) => ready(port) }, echo);
