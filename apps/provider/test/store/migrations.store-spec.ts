import { openStore } from '@gatehouse/server/database/open-store';
import { entities, migrations } from '../../src/database/entities';
import { engines } from '../support/engines';

jest.setTimeout(120_000);

describe.each(engines)('the migrations on %s', (_name, engineOf) => {
  const engine = engineOf();
  beforeAll(() => engine.start());
  afterAll(() => engine.stop());

  it('every table that a migration makes has its entity', async () => {
    const store = await openStore({ url: await engine.freshUrl(), entities, migrations, migrate: 'auto' });
    try {
      const tables = await store.reader.query<{ name: string }[]>(
        store.dialect === 'sqlite'
          ? `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`
          : `SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()`,
      );
      const known = store.dataSource.entityMetadatas.map((entity) => entity.tableName);
      expect(
        tables.map((table) => table.name).filter((name) => !known.includes(name) && !/migrations/.test(name)),
      ).toEqual([]);
    } finally {
      await store.close();
    }
  });

  it('a database that is older than the code is not opened where GATEHOUSE_MIGRATE is off', async () => {
    await expect(openStore({ url: await engine.freshUrl(), entities, migrations, migrate: 'off' })).rejects.toThrow(
      'older than this version',
    );
  });
});
