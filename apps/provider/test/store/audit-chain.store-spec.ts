import { statement, type StatementText } from '@gatehouse/platform/database/store';
import { AuditChain, maxEvents } from '../../src/audit/audit-chain.service';
import { AuditService } from '../../src/audit/audit.service';
import { AuditSealing } from '../../src/jobs/audit-sealing.service';
import { engines } from '../support/engines';
import { startProvider, type TestProvider } from '../support/provider';
import { purge } from '../support/tokens';

jest.setTimeout(120_000);

const day = 86_400;
const change = {
  details: statement('test.audit_details', `UPDATE audit_events SET details = '{"n":-1}' WHERE selector = $1`),
  remove: statement('test.audit_remove', 'DELETE FROM audit_events WHERE selector = $1'),
  add: statement(
    'test.audit_add',
    `INSERT INTO audit_events (selector, at, type, details) SELECT selector - 1, at, type, details FROM audit_events WHERE selector = $1`,
  ),
  dropSeal: statement('test.audit_drop_seal', 'DELETE FROM audit_seals WHERE number = $1'),
  hash: statement('test.audit_hash', 'UPDATE audit_seals SET hash = $2 WHERE number = $1'),
  forgePurge: statement('test.audit_forge_purge', 'UPDATE audit_seals SET purged_at = $2 WHERE number = $1'),
  backdate: statement('test.audit_backdate', 'UPDATE audit_seals SET sealed_at = $2 WHERE number = $1'),
  cutEvents: statement(
    'test.audit_cut',
    'DELETE FROM audit_events WHERE selector > (SELECT last_selector FROM audit_seals WHERE number = $1)',
  ),
  cutSeals: statement('test.audit_cut_seals', 'DELETE FROM audit_seals WHERE number > $1'),
};

describe.each(engines)('the audit log, on %s', (_name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let chain: AuditChain;
  beforeAll(() => engine.start());
  beforeEach(async () => {
    provider = await startProvider({
      databaseUrl: await engine.migratedUrl(),
      env: { GATEHOUSE_AUDIT_RETENTION: String(30 * day) },
    });
    chain = provider.app.get(AuditChain);
  });
  afterEach(() => provider.close());
  afterAll(() => engine.stop());

  const write = (count: number): Promise<void> =>
    provider.store.run((unit) => {
      const audit = provider.app.get(AuditService);
      for (let n = 0; n < count; n++) void audit.record(unit, { type: 'logout', subjectId: `s-${n}`, details: { n } });
    });
  /** As if all that was written had settled. */
  const seal = (): Promise<number> => chain.seal(Date.now() + 60_000);
  const tamper = (text: StatementText, ...values: (string | number)[]): Promise<unknown> =>
    provider.store.run((unit) => unit.change(text, ...values));
  const selectors = async (): Promise<number[]> => {
    const found: number[] = [];
    for await (const { selector } of chain.read()) found.push(selector);
    return found;
  };

  it('is as it was written, under as many seals as it takes', async () => {
    await write(maxEvents + 3);
    expect(await chain.seal()).toBe(0);
    expect(await seal()).toBe(2);
    await write(2);
    const verdict = await chain.verify();
    expect(verdict).toMatchObject({ seals: 2, unsealed: 2, problem: undefined });
    expect(verdict.events).toBeGreaterThanOrEqual(maxEvents + 3);
    expect(await seal()).toBe(1);
    expect(await seal()).toBe(0);
    expect(await chain.verify(verdict.head)).toMatchObject({ seals: 3, unsealed: 0, problem: undefined });
  });

  it.each([
    ['a changed event', change.details, /were changed/],
    ['a removed event', change.remove, /1 of \d+ are missing/],
    ['an added event', change.add, /\d+ exist, but \d+ were sealed/],
  ])('shows %s', async (_what, text, problem) => {
    await write(5);
    await seal();
    await write(5);
    await seal();
    const [, , third = 0] = (await selectors()).slice(-5);
    await tamper(text, third);
    expect((await chain.verify()).problem).toMatch(problem);
    expect((await chain.verify()).problem).toContain('seal 2');
  });

  it('shows a removed seal, one of another key, and a beginning that is gone', async () => {
    for (let n = 0; n < 3; n++) {
      await write(2);
      await seal();
    }
    await tamper(change.dropSeal, 2);
    expect((await chain.verify()).problem).toBe('seal 2 is missing');
    await tamper(change.dropSeal, 1);
    expect((await chain.verify()).problem).toMatch(/starts with seal 3/);
    await tamper(change.hash, 3, 'f'.repeat(64));
    expect((await chain.verify()).problem).toMatch(/seal 3 was changed, or was created with another key/);
  });

  it('detects a truncated end, including its seals, if the head was kept', async () => {
    for (let n = 0; n < 2; n++) {
      await write(2);
      await seal();
    }
    const { head } = await chain.verify();
    await tamper(change.cutEvents, 1);
    await tamper(change.cutSeals, 1);
    expect((await chain.verify()).problem).toBeUndefined();
    expect((await chain.verify(head)).problem).toMatch(/not in the chain/);
  });

  it('forgets whole seals after the retention, and what stays can still be verified', async () => {
    await write(4);
    await seal();
    provider.clock.advance(20 * day);
    await write(3);
    await seal();
    const before = (await selectors()).length;
    provider.clock.advance(11 * day);
    await purge(provider);
    const left = await selectors();
    expect(left.length).toBeLessThan(before);
    expect(left.length).toBeGreaterThanOrEqual(3);
    const verdict = await chain.verify();
    expect(verdict).toMatchObject({ seals: 2, problem: undefined });
    await tamper(change.remove, left[0] ?? 0);
    expect((await chain.verify()).problem).toMatch(/missing/);
  });

  it('detects a foreign purge, and does not purge by a changed time', async () => {
    for (let n = 0; n < 2; n++) {
      await write(2);
      await seal();
    }
    const before = (await selectors()).length;
    await tamper(change.backdate, 2, 1);
    provider.clock.advance(60);
    await purge(provider);
    expect((await selectors()).length).toBe(before);
    expect((await chain.verify()).problem).toMatch(/seal 2 was changed, or was created with another key/);
    await tamper(change.cutEvents, 1);
    await tamper(change.forgePurge, 2, provider.clock.now());
    expect((await chain.verify()).problem).toMatch(/seal 2 was changed, or was created with another key/);
    await tamper(change.dropSeal, 1);
    expect((await chain.verify()).problem).toMatch(/seal 2 was changed, or was created with another key/);
  });

  it('is sealed by one of two at once, and stays whole', async () => {
    await write(10);
    const outcomes = await Promise.allSettled([seal(), seal(), seal()]);
    expect(outcomes.some(({ status }) => status === 'fulfilled')).toBe(true);
    expect(await chain.verify()).toMatchObject({ seals: 1, unsealed: 0, problem: undefined });
  });

  describe('when the clock is set back by an hour', () => {
    let clock: jest.SpyInstance | undefined;
    const setBack = (): void => {
      const real = Date.now;
      clock = jest.spyOn(Date, 'now').mockImplementation(() => real() - 3_600_000);
    };
    const onSameDatabase = (): Promise<TestProvider> =>
      startProvider({
        databaseUrl: provider.databaseUrl,
        env: { GATEHOUSE_SECRET_KEY: provider.secretKey },
      });
    afterEach(() => clock?.mockRestore());

    /** Another process records something, and the log is whole now and when the clock is where it was. */
    async function checkRecordedBy(other: TestProvider): Promise<void> {
      await other.store.run((unit) => other.app.get(AuditService).record(unit, { type: 'logout', subjectId: 'late' }));
      const verdict = await chain.verify();
      expect(verdict).toMatchObject({ seals: 1, problem: undefined });
      expect(verdict.unsealed).toBeGreaterThan(0);
      expect(await chain.seal()).toBe(0);
      clock?.mockRestore();
      await seal();
      expect(await chain.verify()).toMatchObject({ seals: 2, unsealed: 0, problem: undefined });
    }

    it('is as it was written after a restart', async () => {
      await write(5);
      await seal();
      setBack();
      const restarted = await onSameDatabase();
      await checkRecordedBy(restarted).finally(() => restarted.close());
    });

    it('is as it was written by a process that had recorded nothing since the last seal of another', async () => {
      const idle = await onSameDatabase();
      try {
        await write(5);
        await seal();
        setBack();
        await idle.app.get(AuditSealing).seal();
        await checkRecordedBy(idle);
      } finally {
        await idle.close();
      }
    });

    it('is as it was written by the process that sealed what another one recorded', async () => {
      const other = await onSameDatabase();
      try {
        await other.store.run((unit) => other.app.get(AuditService).record(unit, { type: 'logout' }));
        await seal();
        setBack();
        await checkRecordedBy(provider);
      } finally {
        await other.close();
      }
    });
  });
});
