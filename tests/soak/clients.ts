/**
 * The clients of the soak, in a process of their own. Prints what they saw, as JSON.
 *
 * @module
 */
import { argument } from "./argument.ts";
import { type BehaviorName, BEHAVIORS, type Outcome } from "./behaviors/mod.ts";

const task = {
  port: Number(argument("port", "")),
  tlsPort: Number(argument("tls-port", "")),
  caCert: argument("ca", ""),
  connections: Number(argument("connections", "")),
  until: performance.now() + 1000 * Number(argument("seconds", "")),
};

const outcomes: Record<string, Outcome> = {};
await Promise.all((argument("only", "").split(",") as BehaviorName[]).map(async (name) => {
  outcomes[name] = await BEHAVIORS[name](task);
}));
console.log(JSON.stringify(outcomes));
