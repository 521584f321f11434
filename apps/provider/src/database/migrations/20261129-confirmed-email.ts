import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sign-in with a confirmed e-mail address. Any number of accounts may claim an address that they have not confirmed. */
export class ConfirmedEmail1795950000720 implements MigrationInterface {
  readonly name = 'ConfirmedEmail1795950000720';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('CREATE INDEX users_confirmed_email ON users (email_key, id) WHERE email_verified = TRUE');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX users_confirmed_email');
  }
}
