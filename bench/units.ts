/** Sizes, in bytes. */

/** A kibibyte. */
export const KIB = 1024;

/** A mebibyte. */
export const MIB = 1024 * KIB;
