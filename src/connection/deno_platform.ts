import { Buffer } from "node:buffer";
import { StandardPlatform } from "../protocol/platform.ts";

// For bytes below 0x80, Latin-1 and UTF-8 decode to the same string. This costs a sixth of a TextDecoder call for short
// ones.
const latin1Slice = (Buffer.prototype as unknown as {
  latin1Slice(this: Uint8Array, start: number, end: number): string;
}).latin1Slice;

/** The platform of this runtime. */
class DenoPlatform extends StandardPlatform {
  /** Decodes bytes that are all below 0x80. */
  override decodeAscii(bytes: Uint8Array, start: number, end: number): string {
    return latin1Slice.call(bytes, start, end);
  }
}

/** The platform that all connections of the process share, including its pool of memory for busy ones. */
export const denoPlatform: StandardPlatform = new DenoPlatform();
