import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Sealed answers of refreshes in a table of their own, in the order of their successors: written at its end, cleared
 * from its start. In the spent token's row they stayed until a walk over all tokens came by. The columns there stay
 * for one version, for processes of the version before.
 */
export class RefreshAnswers1764000000009 implements MigrationInterface {
  readonly name = 'RefreshAnswers1764000000009';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(`CREATE TABLE refresh_answers (
      successor_selector ${t.selector}, sealed ${t.text} NOT NULL, until ${t.instant} NOT NULL)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE refresh_answers');
  }
}
