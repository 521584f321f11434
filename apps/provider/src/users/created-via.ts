/** What was created with the access tokens of a client, by one user or by anyone; or with those of any client, by one user. */
export type CreatedVia =
  | { readonly clientId: string; readonly createdBy?: string | undefined }
  | { readonly clientId: undefined; readonly createdBy: string };

/** An SQL condition: `$3` is the creator; null matches every row. */
export function isCreatedBy(column: string): string {
  return `COALESCE(${column}, '') = COALESCE($3, ${column}, '')`;
}
