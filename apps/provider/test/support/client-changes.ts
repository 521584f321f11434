import { isDynamicallyRegistered, clientDraft, type Client, type ClientDraft } from '@gatehouse/domain/oauth';
import { ClientRules } from '../../src/clients/client-rules.service';
import { ClientsService } from '../../src/clients/clients.service';
import { newId } from '@gatehouse/platform/secrets/random';
import type { Store, Unit } from '@gatehouse/platform/database/store';
import type { INestApplicationContext } from '@nestjs/common';
import type { Clock } from '@gatehouse/platform/clock';

interface Running {
  readonly app: INestApplicationContext;
  readonly store: Store;
  readonly clock: Clock;
}

interface Made {
  readonly client: Client;
  readonly secret: string | undefined;
}

/** Makes a client, with decisions that no operation would make at once. @throws Error where it is not valid */
export async function makeClient(provider: Running, draft: ClientDraft): Promise<Made> {
  const now = provider.clock.now();
  const approvedAt = isDynamicallyRegistered(draft.source) ? draft.approvedAt : now;
  const checked = provider.app.get(ClientRules).check({ ...draft, approvedAt, id: newId(), createdAt: now });
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems));
  const { client } = checked;
  const secret = await provider.store.run((unit) => provider.app.get(ClientsService).add(unit, client, now));
  return { client, secret };
}

/** Changes a client, whatever an operation would say. @throws Error where it is not valid */
export async function changeClient(provider: Running, id: string, change: Partial<ClientDraft>): Promise<Made> {
  return provider.store.run((unit) => changeClientIn(unit, provider, id, change));
}

/** The same in a unit. */
export async function changeClientIn(
  unit: Unit,
  { app, clock }: Running,
  id: string,
  change: Partial<ClientDraft>,
): Promise<Made> {
  const clients = app.get(ClientsService);
  const before = await clients.lock(unit, id);
  if (!before) throw new Error('there is no such client');
  const draft = { ...clientDraft(change, before, before), ...change };
  const checked = app.get(ClientRules).check({ ...draft, id, createdAt: before.createdAt });
  if ('problems' in checked) throw new Error(JSON.stringify(checked.problems));
  const { client } = checked;
  return { client, secret: await clients.replace(unit, before, client, clock.now()) };
}
