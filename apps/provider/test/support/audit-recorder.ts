import { statement } from '@gatehouse/platform/database/store';
import type { AuditType } from '../../src/audit/audit.service';
import type { Answer } from './browser';
import type { TestProvider } from './provider';

/** A row of the audit log, as it is stored. */
export interface AuditRow {
  readonly type: AuditType;
  readonly actor_id: string | null;
  readonly client_id: string | null;
  readonly subject_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly details: string;
}

const all = statement(
  'test.audit_events',
  'SELECT type, actor_id, client_id, subject_id, address, request_id, details FROM audit_events ORDER BY selector',
);

/** Compares the events that an action recorded with those that it must record. */
export class AuditRecorder {
  /** Every type that was recorded. */
  readonly told = new Set<AuditType>();

  /**
   * @param password no event may contain it
   * @param apiClientId the client that calls the administration API at the moment
   */
  constructor(
    private readonly provider: TestProvider,
    private readonly password: string,
    private readonly apiClientId: () => string,
  ) {}

  /** All events, the oldest first. */
  async rows(): Promise<AuditRow[]> {
    return this.provider.store.all<AuditRow>(all);
  }

  /** The events that this made, of these types and no others, each as a row says who, on whom, from where, by what. */
  async expectEvents(
    doing: () => Promise<unknown>,
    expected: Partial<Record<AuditType, Partial<AuditRow>>>,
  ): Promise<void> {
    const before = (await this.rows()).length;
    await doing();
    const rows = (await this.rows()).slice(before);
    expect([...new Set(rows.map(({ type }) => type))].sort()).toEqual(Object.keys(expected).sort());
    for (const row of rows) {
      this.told.add(row.type);
      expect(row).toMatchObject(expected[row.type] ?? {});
      expect(row.details).not.toContain(this.password);
    }
  }

  /** What a program with the scope gatehouse:admin does. */
  async expectByApi(
    doing: () => Promise<Answer>,
    ...types: readonly (AuditType | readonly [AuditType, Partial<AuditRow>])[]
  ): Promise<void> {
    const via = { address: '127.0.0.1', request_id: expect.stringMatching(/./) as string };
    await this.expectEvents(
      async () => expect((await doing()).status).toBeLessThan(300),
      Object.fromEntries(
        types.map((each) => (typeof each === 'string' ? [each, via] : [each[0], { ...via, ...each[1] }])),
      ) as Partial<Record<AuditType, Partial<AuditRow>>>,
    );
    const [last] = (await this.rows()).slice(-1);
    expect(JSON.parse(last?.details ?? '')).toMatchObject({ via_client: this.apiClientId() });
  }
}
