/**
 * A stand-in for `@std/encoding`, for machines that cannot reach the registry: no more than this project uses.
 *
 * @module
 */
export * from "./base64.ts";
export * from "./hex.ts";
