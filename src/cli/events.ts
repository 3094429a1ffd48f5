import type { BinaryNotation } from "./arguments.ts";
import { writeBinary } from "./binary_notation.ts";
import { escapeControls, printableJson } from "./escape.ts";

/** An event to show. With `listen`, `from` is the number of the connection. */
export type CliEvent =
  | { type: "listening"; url: string }
  | { type: "open"; url: string; protocol: string | null; extensions: string; from?: number }
  | { type: "message"; data: string | Uint8Array; from?: number }
  | { type: "ping" | "pong"; data: Uint8Array; from?: number }
  | { type: "waiting"; attempt: number; delay: number; error: string }
  | { type: "close"; code: number; reason: string; from?: number }
  | { type: "note"; text: string };

/** Formats an event as text with its line break, null for nothing. */
export type FormatEvent = (event: CliEvent) => string | Uint8Array | null;

/** The default notation of incoming binary messages. */
const NOTATION = "hex";

/**
 * Creates the format for a terminal: for people, and unable to control the terminal.
 *
 * @param binary The notation of binary messages.
 * @param colors Whether to use colors.
 * @returns The format.
 */
export function terminalFormat(binary: BinaryNotation | null, colors: boolean): FormatEvent {
  const paint = (code: number, text: string) => colors ? `\x1b[${code}m${text}\x1b[0m` : text;
  const note = (text: string) => `${paint(2, text)}\n`;
  return (event) => {
    if (event.type !== "message") {
      const told = describe(event);
      return told === null ? null : note(escapeControls(told));
    }
    const { data, from } = event;
    const arrow = paint(36, from === undefined ? "<" : `${from} <`);
    if (typeof data === "string") return `${arrow} ${escapeControls(data)}\n`;
    return `${arrow} ${writeBinary(data, textual(binary))} ${paint(2, `(${data.length} bytes)`)}\n`;
  };
}

/**
 * Creates the format for a pipe: nothing but unchanged messages.
 *
 * @param binary The notation of binary messages.
 * @returns The format.
 */
export function pipeFormat(binary: BinaryNotation | null): FormatEvent {
  return (event) => {
    if (event.type !== "message") return null;
    const { data } = event;
    if (binary === "raw") return data;
    return `${typeof data === "string" ? data : writeBinary(data, textual(binary))}\n`;
  };
}

/**
 * Creates the format with every event as a line of JSON.
 *
 * @param binary The notation of binary messages and of the payloads of pings.
 * @returns The format.
 */
export function jsonFormat(binary: BinaryNotation | null): FormatEvent {
  const encoding = textual(binary);
  return (event) => {
    if (!("data" in event) || typeof event.data === "string") return `${printableJson(event)}\n`;
    return `${printableJson({ ...event, data: writeBinary(event.data, encoding), encoding })}\n`;
  };
}

function textual(binary: BinaryNotation | null): Exclude<BinaryNotation, "raw"> {
  return binary === null || binary === "raw" ? NOTATION : binary;
}

function describe(event: Exclude<CliEvent, { type: "message" }>): string | null {
  switch (event.type) {
    case "listening":
      return `Listening on ${event.url}`;
    case "open":
      return `${who(event.from)}connected to ${event.url}${agreed(event.protocol, event.extensions)}`;
    case "waiting":
      return `not connected: ${event.error}; attempt ${event.attempt} in ${Math.round(event.delay)} ms`;
    case "close":
      return `${who(event.from)}closed with ${event.code}${event.reason === "" ? "" : ` ${event.reason}`}`;
    case "note":
      return event.text;
    default:
      // The heartbeat sends many, which nobody asked for.
      return null;
  }
}

function who(from: number | undefined): string {
  return from === undefined ? "" : `${from} `;
}

function agreed(protocol: string | null, extensions: string): string {
  const parts = [protocol, extensions].filter((part) => part !== null && part !== "");
  return parts.length === 0 ? "" : ` (${parts.join(", ")})`;
}
