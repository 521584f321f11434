/** How long the old secret of a client may stay valid after a rotation, in seconds: 30 days. */
export const maxOverlapSeconds = 2_592_000;
