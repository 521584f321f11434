import { send } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { certificationSettings } from './support/relying-party';

describe('the profile Config OP', () => {
  let provider: TestProvider;
  let metadata: Record<string, unknown>;

  beforeAll(async () => {
    provider = await startProvider({ tls: true, env: certificationSettings });
    const answer = await send(`${provider.base}/.well-known/openid-configuration`);
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    metadata = answer.json();
  });
  afterAll(() => provider.close());

  it('names its issuer as it is reached (OpenID Connect Discovery 4.3)', () => {
    expect(metadata['issuer']).toBe(provider.base);
  });

  it('has every member that OpenID Connect Discovery 3 requires', () => {
    for (const name of [
      'issuer',
      'authorization_endpoint',
      'token_endpoint',
      'jwks_uri',
      'response_types_supported',
      'subject_types_supported',
      'id_token_signing_alg_values_supported',
    ])
      expect(metadata).toHaveProperty(name);
    expect(metadata['id_token_signing_alg_values_supported']).toContain('RS256');
    expect(metadata['response_types_supported']).toEqual(
      expect.arrayContaining(['code', 'id_token', 'id_token token']),
    );
    expect(metadata['scopes_supported']).toContain('openid');
    expect(metadata['registration_endpoint']).toEqual(expect.any(String));
  });

  it('has https addresses of its own, each of which is there', async () => {
    const addresses = Object.entries(metadata).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string' && /(_endpoint|_uri|_iframe)$/.test(entry[0]),
    );
    expect(addresses.length).toBeGreaterThan(7);
    for (const [, address] of addresses) {
      expect(address.startsWith(`${provider.base}/`)).toBe(true);
      expect((await send(address)).status).not.toBe(404);
    }
  });

  it('publishes keys with kids of their own, public members alone, for each algorithm that signs', async () => {
    const { keys } = (await send(String(metadata['jwks_uri']))).json<{ keys: Record<string, unknown>[] }>();
    const kids = keys.map((key) => key['kid']);
    expect(new Set(kids).size).toBe(keys.length);
    for (const key of keys) {
      expect(['sig', 'enc']).toContain(key['use']);
      for (const secret of ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k']) expect(key).not.toHaveProperty(secret);
    }
  });

  it('is the same document for OAuth (RFC 8414 3)', async () => {
    expect((await send(`${provider.base}/.well-known/oauth-authorization-server`)).json()).toEqual(metadata);
  });
});
