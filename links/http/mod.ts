/**
 * A stand-in for `@std/http`, for machines that cannot reach the registry: no more than this project uses.
 *
 * @module
 */
export * from "./status.ts";
