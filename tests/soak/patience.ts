/** How long anything may take in the soak, in milliseconds: a machine that is busy with other things is no fault. */
export const PATIENCE = 60_000;
