/** What was created with the access tokens of a client, by one user or by anyone. */
export interface CreatedVia {
  readonly clientId: string;
  readonly createdBy?: string | undefined;
}

/** An SQL condition: `$3` is the creator; null matches every row. */
export function isCreatedBy(column: string): string {
  return `COALESCE(${column}, '') = COALESCE($3, ${column}, '')`;
}
