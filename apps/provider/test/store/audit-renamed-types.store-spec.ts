import { statement } from '@gatehouse/platform/database/store';
import { AuditLog } from '../../src/audit/audit-log.service';
import { AuditService, auditTypes, type AuditType } from '../../src/audit/audit.service';
import { currentType, storedTypes } from '../../src/audit/renamed-types';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';

jest.setTimeout(120_000);

const typesOf = statement('test.audit_types', 'SELECT type FROM audit_events WHERE client_id = $1 ORDER BY selector');

describe.each(engines)('audit events whose type was renamed, on %s', (_name, engineOf) => {
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

  it('are found and shown by the present name, and stay stored as they were written', async () => {
    const audit = provider.app.get(AuditService);
    const log = provider.app.get(AuditLog);
    // As an earlier version wrote it.
    const earlier = 'client.limited' as AuditType;
    await provider.store.run(async (unit) => {
      await audit.record(unit, { type: earlier, clientId: 'renamed' });
      await audit.record(unit, { type: 'client.restricted', clientId: 'renamed' });
      await audit.record(unit, { type: 'client.enabled', clientId: 'renamed' });
    });

    const { events } = await log.search({ types: ['client.restricted'], clientId: 'renamed', limit: 10 });
    expect(events.map(({ type }) => type)).toEqual(['client.restricted', 'client.restricted']);
    const oldest = await log.find(events.at(-1)?.selector ?? 0);
    expect(oldest?.type).toBe('client.restricted');

    const stored = await provider.store.all<{ type: string }>(typesOf, 'renamed');
    expect(stored.map(({ type }) => type)).toEqual([earlier, 'client.restricted', 'client.enabled']);
  });

  it('have a present name that is in use, for each that is not', () => {
    for (const type of storedTypes(auditTypes)) expect(auditTypes).toContain(currentType(type));
    expect(storedTypes(auditTypes).length).toBeGreaterThan(auditTypes.length);
  });
});
