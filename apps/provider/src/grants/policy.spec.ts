import { ofEachActor, ownerId, type ForEachActor } from '../../test/support/actors';
import type { PolicyDenial } from '../operations/policy';
import { mayRevoke } from './policy';

/** If the client belongs to another user, is unknown, or has no owner. */
const othersClient: ForEachActor<PolicyDenial> = {
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

describe('who may revoke grants and tokens', () => {
  it('of a client: also the developer who owns it, without a recent sign-in', () => {
    expect(ofEachActor((actor) => mayRevoke(actor, { ownerId }))).toEqual({
      ...othersClient,
      owner: undefined,
      'stale owner': undefined,
      'owner with an unused second factor': undefined,
      'auditor who owns': undefined,
    });
  });

  it.each([
    ['a client of another developer', { ownerId: 'somebody' }],
    ['a client without an owner', { ownerId: undefined }],
    ['any client', undefined],
  ])('of %s: administrators only', (_which, client) => {
    expect(ofEachActor((actor) => mayRevoke(actor, client))).toEqual(othersClient);
  });
});
