import { aClient } from '../../test/client.fixture.js';
import { clientDraft, settableInput, type ClientInput } from './client-draft.js';

const decisions = { source: 'admin' } as const;

describe('clientDraft', () => {
  it('is a client with the defaults of RFC 7591 where nothing is said', () => {
    expect(clientDraft({ name: 'New' }, undefined, decisions)).toMatchObject({
      name: 'New',
      type: 'confidential',
      authMethod: 'client_secret_basic',
      grantTypes: ['authorization_code'],
      redirectUris: [],
      scope: [],
      pkceRequired: true,
    });
  });

  it('keeps what is left out and takes back what is undefined', () => {
    const before = aClient({ clientUri: 'https://c.test/', contacts: ['a@c.test'], consentRequired: false });
    const draft = clientDraft({ clientUri: undefined }, before, before);
    expect(draft).toMatchObject({ name: before.name, contacts: ['a@c.test'], consentRequired: false });
    expect(draft.clientUri).toBeUndefined();
  });

  it('takes decisions from whoever made them, and never from the input', () => {
    const before = aClient();
    const input: ClientInput = { ...{ approvedAt: 1, source: 'admin', disabledAt: 1 }, name: 'Other' };
    const draft = clientDraft(settableInput(input, 'server'), before, { source: 'registration' });
    expect(draft).toMatchObject({ source: 'registration', approvedAt: undefined, disabledAt: undefined });
  });

  it.each([
    ['authMethod', { authMethod: 'none' }, { type: 'public', pkceRequired: true }],
    ['a scope that goes', { scope: ['openid'] }, { defaultScope: ['openid'] }],
    ['redirect URIs', { redirectUris: ['https://new.test/'] }, { defaultRedirectUri: undefined }],
    ['grant types', { grantTypes: ['client_credentials'] }, { responseTypes: undefined }],
    ['grant types that change no response type', { grantTypes: ['authorization_code'] }, { responseTypes: ['code'] }],
  ] as const)('lets what follows from %s follow', (_what, input, expected) => {
    const before = aClient({
      redirectUris: ['https://old.test/'],
      defaultRedirectUri: 'https://old.test/',
      scope: ['openid', 'email'],
      defaultScope: ['openid', 'email'],
      grantTypes: ['authorization_code', 'refresh_token'],
      responseTypes: ['code'],
      pkceRequired: false,
    });
    expect(clientDraft(input, before, before)).toMatchObject(expected);
  });

  it('keeps PKCE where it was required: a client that is public for a while does not drop it', () => {
    const before = aClient({ type: 'public', authMethod: 'none', pkceRequired: true });
    const confidential = { authMethod: 'client_secret_basic' };
    expect(clientDraft(confidential, before, { ...before, pkceByDefault: false }).pkceRequired).toBe(true);
    expect(clientDraft({}, aClient({ pkceRequired: false }), before).pkceRequired).toBe(false);
    expect(clientDraft(confidential, undefined, { source: 'registration', pkceByDefault: false }).pkceRequired).toBe(
      false,
    );
  });
});

describe('settableInput', () => {
  const input: ClientInput = {
    name: 'A',
    type: 'public',
    securityProfile: 'fapi-2-security',
    consentRequired: false,
    serviceAccount: true,
    resourceServer: true,
  };

  it.each([
    ['registrant', ['name', 'type']],
    ['approved_registrant', ['name', 'type', 'securityProfile']],
    ['owner', ['name', 'type', 'consentRequired']],
    ['administrator', ['name', 'type', 'securityProfile', 'consentRequired', 'serviceAccount']],
    ['server', Object.keys(input)],
  ] as const)('%s sets %j', (editor, names) => {
    expect(Object.keys(settableInput(input, editor)).sort()).toEqual([...names].sort());
  });
});
