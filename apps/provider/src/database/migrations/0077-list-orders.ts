import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The orders and beginnings that administrators' lists are read by. */
export class ListOrders1764000000077 implements MigrationInterface {
  readonly name = 'ListOrders1764000000077';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX users_latest_login ON users ((COALESCE(last_login_at, 0)), id)');
    await runner.query('CREATE INDEX clients_created ON clients (created_at, id)');
    if (ddl(runner).dialect === 'sqlite') return;
    // Its own order of text, which the other indexes are in, knows no beginnings.
    await runner.query('CREATE INDEX users_username_c ON users (username_key COLLATE "C", id)');
    await runner.query('CREATE INDEX users_email_c ON users (email_key COLLATE "C", id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX users_latest_login');
    await runner.query('DROP INDEX clients_created');
    if (ddl(runner).dialect === 'sqlite') return;
    await runner.query('DROP INDEX users_username_c');
    await runner.query('DROP INDEX users_email_c');
  }
}
