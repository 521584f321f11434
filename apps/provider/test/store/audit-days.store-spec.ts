import { AuditLog, type AuditSearch } from '../../src/audit/audit-log.service';
import { AuditService } from '../../src/audit/audit.service';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

describe.each(engines)('the audit log within a range of time, on %s', (_name, engineOf) => {
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

  // Selectors have the real time, also where a test sets the clock.
  const now = Math.floor(Date.now() / 1000);

  it.each([
    ['of a person', { userId: 'timed' }],
    ['of an application', { clientId: 'timed' }],
    ['of a person at an application', { userId: 'timed', clientId: 'timed' }],
  ] satisfies [string, Partial<AuditSearch>][])(
    '%s is read page by page, and ends at its start',
    async (_of, filter) => {
      const log = provider.app.get(AuditLog);
      await provider.store.run((unit) => {
        for (let at = 0; at < 5; at++)
          void provider.app
            .get(AuditService)
            .record(unit, { type: 'grant.created', actorId: 'timed', clientId: 'timed' });
        return Promise.resolve();
      });
      const within = { ...filter, from: now - 3600, to: now + 3600 };
      const all = await log.search({ ...within, limit: 100 });
      expect(all.next).toBeUndefined();
      const read: number[] = [];
      let before: number | undefined;
      do {
        const page = await log.search({ ...within, before, limit: 2 });
        read.push(...page.events.map(({ selector }) => Number(selector)));
        before = page.next;
      } while (before !== undefined);
      expect(read).toEqual(all.events.map(({ selector }) => Number(selector)));
      expect(read.length).toBeGreaterThanOrEqual(5);
      for (const range of [{ from: now + 3600 }, { to: now - 3600 }, { from: now + 3600, to: now + 7200 }])
        expect(await log.search({ ...filter, ...range, limit: 10 })).toEqual({ events: [], next: undefined });
    },
  );
});
