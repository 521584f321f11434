import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The command line let every client that it added act for itself. That right ends where it has no use yet (no grant type
 * client_credentials), and where it makes the owner of a client an administrator (a gatehouse scope). Other clients keep
 * it: whether an administrator meant it cannot be told from the row, and doctor lists them.
 */
export class ServiceAccounts1795950000701 implements MigrationInterface {
  readonly name = 'ServiceAccounts1795950000701';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(
      `UPDATE clients SET acts_for_itself = FALSE WHERE acts_for_itself = TRUE AND (
         grant_types NOT LIKE '%"client_credentials"%' OR (owner_id IS NOT NULL AND scope LIKE '%"gatehouse:%'))`,
    );
    // Processes of the version before, which serve meanwhile, have clients in their caches.
    await runner.query("UPDATE cache_versions SET version = version + 1 WHERE topic = 'clients'");
  }

  /** Who had the right is not kept: an administrator gives it anew. */
  async down(): Promise<void> {}
}
