import { ddl } from '@gatehouse/platform/database/ddl';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How many forms of pages were refused for their origin, by reason and hour: what doctor warns of. */
export class FormRefusals1795950000742 implements MigrationInterface {
  readonly name = 'FormRefusals1795950000742';

  async up(runner: QueryRunner): Promise<void> {
    const t = ddl(runner);
    await runner.query(
      `CREATE TABLE form_refusals (reason ${t.text} NOT NULL, hour integer NOT NULL, count ${t.instant} NOT NULL,
        PRIMARY KEY (reason, hour))`,
    );
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE form_refusals');
  }
}
