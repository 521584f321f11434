import type { Client, ClientEditor } from '@gatehouse/domain/oauth';
import { aClient } from '../../../../libs/domain/test/client.fixture';
import { ofEachActor, ownClientId, ownerId, type ForEachActor } from '../../test/support/actors';
import type { PolicyDenial } from '../operations/policy';
import {
  clientEditorOf,
  mayCreateClient,
  mayManageClient,
  mayManageClientAfterSignIn,
  mayReplaceSecret,
  maySetClientState,
  mayUpdateClient,
} from './policy';

const owned = aClient({ id: ownClientId, ownerId });
const clientWithoutOwner = aClient({ id: ownClientId, ownerId: undefined });
const clientOfOtherOwner = aClient({ id: ownClientId, ownerId: 'somebody' });

/** Regardless of owners and of the age of a sign-in. */
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
const ownerToo = {
  owner: undefined,
  'stale owner': undefined,
  'owner with an unused second factor': undefined,
  'auditor who owns': undefined,
};
/** The registration access token of a client with an owner is no longer valid. */
const documentToo = { 'metadata document of the client': undefined };
const registrantToo = { 'registrant of the client': undefined };
/** Replaces "allowed" for the owner. */
const ownerSignsIn = { 'stale owner': 'recent_sign_in', 'owner with an unused second factor': 'recent_sign_in' };
const administratorSignsIn = { 'stale administrator': 'recent_sign_in' };

describe('who may create a client', () => {
  it('administrators, developers, registrants and metadata documents', () => {
    expect(ofEachActor(mayCreateClient)).toEqual({
      ...administrators,
      ...ownerToo,
      'other developer': undefined,
      'registrant without a token': undefined,
      'registrant with an initial access token': undefined,
      'registrant with an approving token': undefined,
      'metadata document of the client': undefined,
      'metadata document of another client': undefined,
    });
  });
});

describe('who may manage a client', () => {
  it('that a developer owns: the owner, administrators, and its metadata document', () => {
    expect(ofEachActor((actor) => mayManageClient(actor, owned))).toEqual({
      ...administrators,
      ...ownerToo,
      ...documentToo,
    });
  });

  it('that another user owns: administrators, but no developer', () => {
    expect(ofEachActor((actor) => mayManageClient(actor, clientOfOtherOwner))).toEqual({
      ...administrators,
      ...documentToo,
    });
  });

  it('without an owner: administrators, and the client itself', () => {
    expect(ofEachActor((actor) => mayManageClient(actor, clientWithoutOwner))).toEqual({
      ...administrators,
      ...documentToo,
      ...registrantToo,
    });
  });

  it('to delete it or to set roles in it: after a recent sign-in', () => {
    expect(ofEachActor((actor) => mayManageClientAfterSignIn(actor, owned))).toEqual({
      ...administrators,
      ...ownerToo,
      ...documentToo,
      ...ownerSignsIn,
      ...administratorSignsIn,
    });
  });
});

describe('who may update a client', () => {
  it.each<[string, Partial<Client>]>([
    ['its contacts', { contacts: ['support@client.test'] }],
    ['its post-logout redirect URIs', { postLogoutRedirectUris: ['https://client.test/bye'] }],
    ['nothing', {}],
  ])('in %s: all who may manage it', (_what, change) => {
    const update = (actor: Parameters<typeof mayUpdateClient>[0]): PolicyDenial =>
      mayUpdateClient(actor, owned, { ...owned, ...change });
    expect(ofEachActor(update)).toEqual({ ...administrators, ...ownerToo, ...documentToo });
  });

  it.each<[string, Partial<Client>]>([
    ['its name', { name: 'Your bank' }],
    ['its redirect URIs', { redirectUris: ['https://elsewhere.test/callback'] }],
    ['how it authenticates', { authMethod: 'client_secret_post' }],
    ['its owner', { ownerId: 'somebody' }],
    ['whether users consent', { consentRequired: !owned.consentRequired }],
  ])('in %s: all who may manage it, after a recent sign-in', (_what, change) => {
    expect(ofEachActor((actor) => mayUpdateClient(actor, owned, { ...owned, ...change }))).toEqual({
      ...administrators,
      ...ownerToo,
      ...documentToo,
      ...ownerSignsIn,
      ...administratorSignsIn,
    });
  });

  it('not the user whom the change makes the owner', () => {
    const taken = ofEachActor((actor) =>
      mayUpdateClient(actor, clientOfOtherOwner, { ...clientOfOtherOwner, ownerId }),
    );
    expect([taken['owner'], taken['administrator']]).toEqual(['forbidden', undefined]);
  });
});

describe('who may replace the secret of a client', () => {
  it('all who may manage it, after a recent sign-in', () => {
    expect(ofEachActor((actor) => mayReplaceSecret(actor, owned))).toEqual({
      ...administrators,
      ...ownerToo,
      ...documentToo,
      ...ownerSignsIn,
      ...administratorSignsIn,
    });
  });

  it.each(['gatehouse:admin', 'gatehouse:read'])('not the owner of a client with the scope %s', (scope) => {
    const administrating = aClient({ id: ownClientId, ownerId, scope: ['openid', scope] });
    expect(ofEachActor((actor) => mayReplaceSecret(actor, administrating))).toEqual({
      ...administrators,
      ...documentToo,
      ...administratorSignsIn,
      'auditor who owns': 'forbidden',
    });
  });

  it('an administrator who owns a client with the scope gatehouse:admin', () => {
    const administrating = aClient({ id: ownClientId, ownerId: 'admin', scope: ['gatehouse:admin'] });
    const replaced = ofEachActor((actor) => mayReplaceSecret(actor, administrating));
    expect([replaced['administrator'], replaced['owner']]).toEqual([undefined, 'forbidden']);
  });
});

describe('who may decide about a client', () => {
  it.each(['restrict', 'disable'] as const)('%s: administrators, whenever they signed in', (decision) => {
    expect(ofEachActor((actor) => maySetClientState(actor, decision))).toEqual(administrators);
  });

  it.each(['approve', 'unrestrict', 'enable'] as const)('%s: administrators after a recent sign-in', (decision) => {
    expect(ofEachActor((actor) => maySetClientState(actor, decision))).toEqual({
      ...administrators,
      ...administratorSignsIn,
    });
  });
});

it('the properties that an actor may set are those of an administrator, an owner, a registrant or the server', () => {
  const editors: ForEachActor<ClientEditor> = {
    administrator: 'administrator',
    'stale administrator': 'administrator',
    auditor: 'owner',
    owner: 'owner',
    'stale owner': 'owner',
    'owner with an unused second factor': 'owner',
    'former developer who owns': 'owner',
    'auditor who owns': 'owner',
    'other developer': 'owner',
    user: 'owner',
    'API client': 'administrator',
    visitor: 'registrant',
    'registrant without a token': 'registrant',
    'registrant with an initial access token': 'registrant',
    'registrant with an approving token': 'approved_registrant',
    'registrant of the client': 'registrant',
    'registrant of another client': 'registrant',
    'metadata document of the client': 'registrant',
    'metadata document of another client': 'registrant',
    'command line': 'administrator',
    system: 'server',
  };
  expect(ofEachActor(clientEditorOf)).toEqual(editors);
});
