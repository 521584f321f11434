import { epochSeconds } from '@gatehouse/domain/kernel';
import type { Resource, ResourceDraft } from '@gatehouse/domain/oauth';
import { ofEachActor, type ForEachActor } from '../../test/support/actors';
import type { PolicyDenial } from '../operations/policy';
import { mayManageResources, mayUpdateResource } from './policy';

const resource: Resource = {
  id: 'resource',
  identifier: 'https://api.test/',
  name: 'Documents',
  scopes: [
    { name: 'read', sentence: 'Read your documents' },
    { name: 'write', sentence: '' },
  ],
  tokenFormat: 'opaque',
  signingAlgorithm: 'ES256',
  accessTokenLifetimeSeconds: 600,
  access: 'consent',
  createdAt: epochSeconds(1),
};

/** If no recent sign-in is required. */
const administrators: ForEachActor<PolicyDenial> = {
  administrator: undefined,
  'stale administrator': undefined,
  auditor: 'read_only',
  owner: 'forbidden',
  'stale owner': 'forbidden',
  'owner with an unused second factor': 'forbidden',
  'former developer who owns': 'forbidden',
  'auditor who owns': 'read_only',
  'other developer': 'forbidden',
  user: 'forbidden',
  'API client': undefined,
  visitor: 'forbidden',
  'registrant without a token': 'forbidden',
  'registrant with an initial access token': 'forbidden',
  'registrant with an approving token': 'forbidden',
  'registrant of the client': 'forbidden',
  'registrant of another client': 'forbidden',
  'metadata document of the client': 'forbidden',
  'metadata document of another client': 'forbidden',
  'command line': undefined,
  system: undefined,
};
const afterRecentSignIn = { ...administrators, 'stale administrator': 'recent_sign_in' };

describe('who may change an API', () => {
  it.each<[string, Partial<ResourceDraft>]>([
    ['changes nothing', {}],
    ['removes a scope', { scopes: [{ name: 'read', sentence: 'Read your documents' }] }],
    ['shortens the lifetime of access tokens', { accessTokenLifetimeSeconds: 60 }],
  ])('an edit that %s: administrators, without a recent sign-in', (_what, change) => {
    expect(ofEachActor((actor) => mayUpdateResource(actor, resource, { ...resource, ...change }))).toEqual(
      administrators,
    );
  });

  it.each<[string, Partial<ResourceDraft>]>([
    ['changes the identifier', { identifier: 'https://other.test/' }],
    ['changes the name', { name: 'Bank' }],
    ['adds a scope', { scopes: [...resource.scopes, { name: 'delete', sentence: '' }] }],
    ['changes a sentence', { scopes: [{ name: 'read', sentence: 'Nothing' }] }],
    ['allows every client', { access: 'anyone' }],
    ['makes tokens valid without introspection', { tokenFormat: 'jwt' }],
    ['lengthens the lifetime of access tokens', { accessTokenLifetimeSeconds: 601 }],
    ['leaves the lifetime to the server', { accessTokenLifetimeSeconds: undefined }],
  ])('an edit that %s: administrators after a recent sign-in', (_what, change) => {
    expect(ofEachActor((actor) => mayUpdateResource(actor, resource, { ...resource, ...change }))).toEqual(
      afterRecentSignIn,
    );
  });

  it('adding, deleting and creating credentials: administrators after a recent sign-in', () => {
    expect(ofEachActor(mayManageResources)).toEqual(afterRecentSignIn);
  });
});
