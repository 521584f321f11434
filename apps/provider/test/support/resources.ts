import type { Client, ResourceDraft } from '@gatehouse/domain/oauth';
import { CreateResourceCredentials } from '../../src/clients/operations/create-resource-credentials';
import { CreateResource } from '../../src/resources/operations/create-resource';
import type { TestProvider } from './provider';

/** An API with the scopes read and write, and the credentials by which it asks about tokens. */
export async function addResource(
  provider: TestProvider,
  draft: Partial<ResourceDraft> & Pick<ResourceDraft, 'identifier'>,
): Promise<{ client: Client; secret: string }> {
  const resource = await provider.execute(CreateResource, {
    name: draft.identifier,
    scopes: [
      { name: 'read', sentence: 'Read your documents' },
      { name: 'write', sentence: '' },
    ],
    ...draft,
  });
  return provider.execute(CreateResourceCredentials, { resourceId: resource.id });
}
