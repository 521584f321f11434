/** A peer that cannot run here; its message says what is missing. */
export class Skipped extends Error {}
