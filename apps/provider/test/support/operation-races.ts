import type { Type } from '@nestjs/common';
import { statement } from '@gatehouse/platform/database/store';
import type { AuditType } from '../../src/audit/audit.service';
import type { Operation } from '../../src/operations/operation';
import { raceAfterPreparing } from './interleave';
import type { TestProvider } from './provider';
import type { SurfaceAnswer } from './surfaces';

/** An operation, and what is asked of it. */
export type Asked = readonly [Type<Operation<unknown, unknown, unknown>>, unknown];

export function asking<O extends Operation<unknown, unknown, unknown>>(
  type: Type<O>,
  input: Parameters<O['prepare']>[1],
): Asked {
  return [type, input];
}

/** Asks for all of them at once: each is prepared before any of them begins its unit of work. */
export function raceOf(
  provider: TestProvider,
  asked: readonly Asked[],
  ask: (asked: Asked) => Promise<SurfaceAnswer>,
): Promise<SurfaceAnswer[]> {
  return raceAfterPreparing(
    provider,
    asked.map(([type]) => type),
    asked.map((each) => () => ask(each)),
  );
}

/** Whichever of them came first. */
export function inOrder(given: readonly SurfaceAnswer[]): SurfaceAnswer[] {
  return [...given].sort((a, b) => String(a).localeCompare(String(b)));
}

const count = statement('test.count_of_type', 'SELECT count(*) AS n FROM audit_events WHERE type = $1');

async function countEvents({ store }: TestProvider, type: AuditType): Promise<number> {
  return Number((await store.one<{ n: number | string }>(count, type))?.n);
}

/** What a task answers, and how many events of this type it writes. */
export async function eventsDuring<T>(
  provider: TestProvider,
  event: AuditType,
  task: () => Promise<T>,
): Promise<readonly [answer: T, events: number]> {
  const before = await countEvents(provider, event);
  const answer = await task();
  return [answer, (await countEvents(provider, event)) - before];
}
