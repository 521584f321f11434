import { join } from 'node:path';
import { statement } from '@gatehouse/platform/database/store';
import {
  applicationStatements,
  namesInSources,
  refusedStatements,
} from '../../../../libs/platform/test/support/prepared-statements';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

describe.each(engines)('the named statements on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  beforeAll(async () => {
    await engine.start();
    provider = await startProvider({ databaseUrl: await engine.migratedUrl() });
  });
  afterAll(async () => {
    await provider.close();
    await engine.stop();
  });

  it('are all loaded with the application', () => {
    const names = namesInSources(join(__dirname, '../../src'));
    expect(names.length).toBeGreaterThan(200);
    const known = new Set(applicationStatements().map(({ name }) => name));
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('are each accepted by the database, those that are put together at load included', async () => {
    const texts = applicationStatements();
    // A few of those whose names stand nowhere in the sources.
    expect(texts.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'access_tokens.purge',
        'access_tokens.list_oldest',
        'users.list_search_email_after_role_picked',
      ]),
    );
    expect(await refusedStatements(provider.databaseUrl, texts)).toEqual([]);
  });

  it('would be rejected where one of them were wrong', async () => {
    const wrong = statement('test.wrong', 'SELECT nothing FROM clients');
    expect(await refusedStatements(provider.databaseUrl, [wrong])).toEqual([expect.stringContaining('test.wrong')]);
  });

  it('have a name each', () => {
    statement('test.twice', 'SELECT 1');
    expect(() => statement('test.twice', 'SELECT 2')).toThrow('the statement name is already in use: test.twice');
  });
});
