import { RecordAuditExport } from '../audit/operations/record-audit-export.js';
import { AuditChain, type AuditRow } from '../audit/audit-chain.service.js';
import { Failed, type Command } from './command.js';
import { UsageError } from './usage.js';

const text = { type: 'string' } as const;

const verify: Command = {
  name: 'audit verify',
  options: { head: text },
  run: async ({ app, options }) => {
    const head = options.one('head');
    if (head !== undefined && !/^[0-9a-f]{64}$/.test(head)) throw new UsageError('--head is 64 hexadecimal digits');
    const verdict = await app.get(AuditChain).verify(head);
    if (verdict.problem !== undefined) throw new Failed('changed', verdict.problem);
    const { seals, events, unsealed } = verdict;
    return {
      json: { seals, events, unsealed, head: verdict.head ?? null },
      text: [
        `${events} events under ${seals} ${seals === 1 ? 'seal' : 'seals'} are as they were written; ${unsealed} newer ones are not sealed yet.`,
        ...(verdict.head === undefined ? [] : [`head  ${verdict.head}   (keep it elsewhere, and give it by --head)`]),
      ].join('\n'),
    };
  },
};

const exporting: Command = {
  name: 'audit export',
  options: { since: text, until: text },
  run: async ({ app, execute, options }) => {
    const since = instantOf(options.one('since'), '--since');
    const until = instantOf(options.one('until'), '--until');
    const range = Object.fromEntries(
      ['since', 'until'].flatMap((name) => options.all(name).map((value) => [name, value.slice(0, 40)])),
    );
    await execute(RecordAuditExport, { by: 'command line', filter: range });
    return { json: {}, text: '', lines: linesOf(app.get(AuditChain).read(since, until)) };
  },
};

async function* linesOf(rows: AsyncIterable<AuditRow>): AsyncGenerator<string> {
  for await (const { at, details, ...row } of rows)
    yield JSON.stringify({ ...row, at: new Date(at * 1000).toISOString(), details: JSON.parse(details) as unknown });
}

/** Milliseconds since the epoch. */
function instantOf(value: string | undefined, option: string): number | undefined {
  if (value === undefined) return undefined;
  const instant = Date.parse(value);
  if (!/^\d{4}-\d{2}-\d{2}/.test(value) || Number.isNaN(instant))
    throw new UsageError(`${option} is a day or an instant: 2026-11-25, 2026-11-25T08:00:00Z`);
  return instant;
}

export const auditCommands: readonly Command[] = [verify, exporting];
