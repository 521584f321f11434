import { aClient } from '../../test/client.fixture.js';
import { checkClientMetadata } from './client.js';
import { formatClientMetadata, keptByUpdate, metadataName, parseClientMetadata } from './client-registration.js';

describe('parseClientMetadata', () => {
  it('reads what formatClientMetadata wrote', () => {
    const client = aClient({ clientUri: 'https://client.example.com/', defaultMaxAge: 60, requireAuthTime: true });
    const { draft, problems } = parseClientMetadata(formatClientMetadata(client));
    expect(problems).toEqual([]);
    const { id, type, createdAt, approvedAt, defaultScope, pkceRequired, consentRequired, defaultRedirectUri } = client;
    const rest = { id, type, createdAt, approvedAt, defaultScope, pkceRequired, consentRequired, defaultRedirectUri };
    const checked = checkClientMetadata({
      name: '',
      authMethod: '',
      redirectUris: [],
      postLogoutRedirectUris: [],
      grantTypes: [],
      scope: [],
      ...draft,
      ...rest,
    });
    expect(checked).toEqual({ client: { ...client, ownerId: undefined, disabledAt: undefined } });
  });

  it('ignores members that nobody knows, and null (RFC 7591 2)', () => {
    const json = JSON.parse('{"client_uri":null,"made_up":1,"__proto__":{"logo_uri":"x"}}') as Record<string, unknown>;
    expect(parseClientMetadata(json)).toEqual({ draft: {}, problems: [] });
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
    const { draft, problems } = parseClientMetadata({ [member]: value });
    expect(problems.map(({ field }) => field)).toEqual([member]);
    expect(draft).toEqual({});
  });
});

describe('keptByUpdate', () => {
  it('is what an administrator gave, and nothing that the protocol names or that follows from it', () => {
    const kept = keptByUpdate(
      aClient({ consentRequired: false, secondFactorRequired: true, clientUri: 'https://c.test/' }),
    );
    expect(kept).toMatchObject({ consentRequired: false, secondFactorRequired: true, source: 'admin' });
    for (const member of [
      'id',
      'type',
      'name',
      'scope',
      'defaultScope',
      'defaultRedirectUri',
      'clientUri',
      'createdAt',
    ])
      expect(kept).not.toHaveProperty(member);
  });
});

describe('metadataName', () => {
  it.each([
    ['redirectUris.2', 'redirect_uris'],
    ['authMethod', 'token_endpoint_auth_method'],
    ['defaultScope', 'defaultScope'],
  ])('%s is %s', (field, name) => {
    expect(metadataName(field)).toBe(name);
  });
});
