import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from '@gatehouse/platform/database/open-store';
import { engineNames, startPostgres, type TestPostgres } from '../../../../libs/platform/test/support/postgres';
import {
  applicationStatements,
  namesInSources,
  refusedStatements,
} from '../../../../libs/platform/test/support/prepared-statements';
import '../../src/app.module';
import { entities, migrations } from '../../src/schema';

jest.setTimeout(60_000);

describe.each(engineNames)("the client's named statements on %s", (engine) => {
  let postgres: TestPostgres | undefined;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-client-'));
    postgres = engine === 'PostgreSQL' ? await startPostgres() : undefined;
  });
  afterAll(async () => {
    await postgres?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('are all loaded with the application, and accepted by the database', async () => {
    const url = postgres ? await postgres.url('client') : `sqlite:${join(folder, 'client.sqlite')}`;
    await (await openStore({ url, entities, migrations, migrate: 'auto' })).close();
    const names = namesInSources(join(__dirname, '../../src'));
    expect(names.length).toBeGreaterThan(5);
    const texts = applicationStatements();
    expect(names.filter((name) => !texts.some((text) => text.name === name))).toEqual([]);
    expect(await refusedStatements(url, texts)).toEqual([]);
  });
});
