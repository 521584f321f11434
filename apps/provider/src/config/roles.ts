/** The roles of accounts; an administrator may do what all others may. */
export const roles = ['admin', 'auditor', 'developer', 'user'] as const;
export type Role = (typeof roles)[number];
