/** All that the clients of the soak do. */
import type { Behavior } from "./behavior.ts";
import { cutMessages } from "./cut_messages.ts";
import { floods } from "./floods.ts";
import { leavers } from "./leavers.ts";
import { silentTls } from "./silent_tls.ts";
import { slowReaders } from "./slow_readers.ts";
import { talkers } from "./talkers.ts";

export type { Outcome } from "./behavior.ts";

/** The behaviors, by their names on the command line. */
export const BEHAVIORS = {
  talkers,
  slow: slowReaders,
  floods,
  cut: cutMessages,
  tls: silentTls,
  leavers,
} as const satisfies Record<string, Behavior>;

/** The name of a behavior. */
export type BehaviorName = keyof typeof BEHAVIORS;
