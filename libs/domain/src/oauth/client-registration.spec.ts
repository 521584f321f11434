import { aClient } from '../../test/client.fixture.js';
import { checkClientMetadata } from './client.js';
import { clientDraft } from './client-draft.js';
import {
  blankRegistration,
  formatClientMetadata,
  formatOwnProperties,
  metadataName,
  parseClientMetadata,
  parseClientProperties,
} from './client-registration.js';

describe('parseClientMetadata', () => {
  it('reads what formatClientMetadata wrote', () => {
    const client = aClient({ clientUri: 'https://client.example.com/', defaultMaxAge: 60, requireAuthTime: true });
    const { input, problems } = parseClientMetadata(formatClientMetadata(client));
    expect(problems).toEqual([]);
    const { id, createdAt, defaultScope, pkceRequired, consentRequired, defaultRedirectUri } = client;
    const kept = { ...input, defaultScope, pkceRequired, consentRequired, defaultRedirectUri };
    const checked = checkClientMetadata({ ...clientDraft(kept, undefined, client), id, createdAt });
    expect(checked).toEqual({ client: { ...client, ownerId: undefined, disabledAt: undefined } });
  });

  it('ignores members that nobody knows, and null (RFC 7591 2)', () => {
    const json = JSON.parse('{"client_uri":null,"made_up":1,"__proto__":{"logo_uri":"x"}}') as Record<string, unknown>;
    expect(parseClientMetadata(json)).toEqual({ input: { clientUri: undefined }, problems: [] });
  });

  it.each([
    ['client_name', 1],
    ['redirect_uris', 'https://client.example.com/cb'],
    ['redirect_uris', ['https://client.example.com/cb', 1]],
    ['scope', ['openid']],
    ['default_max_age', '60'],
    ['require_auth_time', 'true'],
    ['jwks', '{"keys":[]}'],
    ['jwks', []],
  ])('names %s of another kind: %j', (member, value) => {
    const { input, problems } = parseClientMetadata({ [member]: value });
    expect(problems.map(({ field }) => field)).toEqual([member]);
    expect(input).toEqual({});
  });
});

describe('blankRegistration', () => {
  it('is what an update replaces: what the protocol names, without what an administrator alone sets', () => {
    expect(blankRegistration).toMatchObject({ redirectUris: undefined, clientUri: undefined, scope: undefined });
    for (const member of ['consentRequired', 'serviceAccount', 'ownerId', 'defaultScope', 'securityProfile'])
      expect(blankRegistration).not.toHaveProperty(member);
  });
});

describe('parseClientProperties', () => {
  it('reads our names too, and takes null as a return to the default', () => {
    const json = { require_pkce: false, token_exchange: ['urn:a impersonation'], owner_id: null, client_name: 'A' };
    expect(parseClientProperties(json)).toEqual({
      input: {
        name: 'A',
        pkceRequired: false,
        tokenExchange: [{ resource: 'urn:a', mode: 'impersonation' }],
        ownerId: undefined,
      },
      problems: [],
    });
    expect(Object.keys(parseClientProperties(json).input)).toContain('ownerId');
  });

  it('names a rule of token exchange that is none', () => {
    const { problems } = parseClientProperties({ token_exchange: ['urn:a whenever'] });
    expect(problems.map(({ field }) => field)).toEqual(['token_exchange']);
  });

  it('reads what formatClientMetadata and formatOwnProperties wrote', () => {
    const client = aClient({ pkceRequired: false, ownerId: 'ada', secondFactorRequired: true });
    const { input, problems } = parseClientProperties({
      ...formatClientMetadata(client),
      ...formatOwnProperties(client),
    });
    expect(problems).toEqual([]);
    const { id: _id, createdAt: _createdAt, ...properties } = client;
    expect(clientDraft(input, undefined, client)).toEqual(properties);
  });
});

describe('metadataName', () => {
  it.each([
    ['redirectUris.2', 'redirect_uris'],
    ['authMethod', 'token_endpoint_auth_method'],
    ['defaultScope', 'default_scope'],
    ['type', 'token_endpoint_auth_method'],
    ['approval', 'approval'],
  ])('%s is %s', (field, name) => {
    expect(metadataName(field)).toBe(name);
  });
});
