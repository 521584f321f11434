import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';
import { revoke } from '../rollback.js';

/** What clients may exchange people's tokens for, and who acts by a token (RFC 8693). */
export class TokenExchange1764000000069 implements MigrationInterface {
  readonly name = 'TokenExchange1764000000069';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`ALTER TABLE clients ADD COLUMN token_exchange ${t.json} NOT NULL DEFAULT '[]'`);
    await runner.query(`ALTER TABLE access_tokens ADD COLUMN act ${t.json}`);
  }

  async down(runner: QueryRunner): Promise<void> {
    // Without `act` a token of a delegation would pass for one that the person's own client holds (RFC 8693 1.1).
    await revoke(runner, 'access_tokens', 'act IS NOT NULL');
    await runner.query('ALTER TABLE access_tokens DROP COLUMN act');
    await runner.query('ALTER TABLE clients DROP COLUMN token_exchange');
  }
}
