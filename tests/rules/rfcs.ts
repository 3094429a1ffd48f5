/** The RFCs whose rules apply to a WebSocket endpoint. */
import { RFC_6455 } from "./rfc_6455.ts";
import { RFC_7692 } from "./rfc_7692.ts";
import { RFC_9110 } from "./rfc_9110.ts";
import { RFC_9112 } from "./rfc_9112.ts";
import type { Rfc } from "./rule.ts";

/** All of them. */
export const RFCS: readonly Rfc[] = [RFC_6455, RFC_7692, RFC_9112, RFC_9110];
