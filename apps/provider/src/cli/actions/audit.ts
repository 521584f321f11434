import { RecordAuditExport } from '../../audit/operations/record-audit-export.js';
import { AuditChain, type AuditRow } from '../../audit/audit-chain.service.js';
import type { ApplicationActions } from '../command.js';
import type { auditGroup } from '../commands/audit.js';
import { Failed } from '../errors.js';

export const auditActions: ApplicationActions<typeof auditGroup> = {
  verify: async ({ app }, options) => {
    const verdict = await app.get(AuditChain).verify(options.head);
    if (verdict.problem !== undefined) throw new Failed('changed', verdict.problem);
    const { seals, events, unsealed, head } = verdict;
    return {
      json: { seals, events, unsealed, head: head ?? null },
      text: [
        `${events} events under ${seals} ${seals === 1 ? 'seal' : 'seals'} are unchanged; ${unsealed} newer ones are not sealed yet.`,
        ...(head === undefined ? [] : [`head  ${head}   (keep it elsewhere, and pass it to --head next time)`]),
      ].join('\n'),
    };
  },

  export: async ({ app, execute }, { since, until }) => {
    const filter = Object.fromEntries(
      Object.entries({ since, until }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value.slice(0, 40)] as const],
      ),
    );
    await execute(RecordAuditExport, { by: 'command line', filter });
    const rows = app.get(AuditChain).read(milliseconds(since), milliseconds(until));
    return { json: {}, text: '', lines: linesOf(rows) };
  },
};

async function* linesOf(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  for await (const { at, details, ...row } of rows)
    yield JSON.stringify({ ...row, at: new Date(at * 1000).toISOString(), details: JSON.parse(details) as unknown });
}

/** Since the epoch. */
function milliseconds(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Date.parse(instant);
}
