import type { Client, ResourceDraft } from '@gatehouse/domain/oauth';
import { ResourceCredentials } from '../../src/clients/resource-credentials.service';
import { ResourcesService } from '../../src/resources/resources.service';
import type { TestProvider } from './provider';

/** An API with the scopes read and write, and the credentials by which it asks about tokens. */
export async function addResource(
  provider: TestProvider,
  draft: Partial<ResourceDraft> & Pick<ResourceDraft, 'identifier'>,
): Promise<{ client: Client; secret: string }> {
  const now = provider.clock.now();
  return provider.store.run(async (unit) => {
    const made = await provider.app.get(ResourcesService).create(
      unit,
      {
        name: draft.identifier,
        scopes: [
          { name: 'read', sentence: 'Read your documents' },
          { name: 'write', sentence: '' },
        ],
        ...draft,
      },
      {},
      now,
    );
    if ('problems' in made) throw new Error(JSON.stringify(made.problems));
    const credentials = await provider.app.get(ResourceCredentials).create(unit, made.resource, {}, now);
    if (!credentials) throw new Error('no credentials');
    return credentials;
  });
}
