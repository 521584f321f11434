import { adminApi, shaped, type AdminApiClient } from '../support/admin-api';
import { startProvider, type TestProvider } from '../support/provider';

describe('a patch with a member that does not exist', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  const paths: Record<string, string> = { settings: 'settings' };

  beforeAll(async () => {
    provider = await startProvider();
    api = await adminApi(provider);
    const idOf = async (path: string, body: object): Promise<string> => {
      const answer = await api.call('POST', path, body);
      expect([path, answer.text, answer.status]).toEqual([path, answer.text, 201]);
      return answer.json<{ id: string }>().id;
    };
    paths['user'] = `users/${await idOf('users', { username: 'ada' })}`;
    const { client } = await provider.addClient({
      grantTypes: ['urn:ietf:params:oauth:grant-type:jwt-bearer'],
      redirectUris: [],
    });
    paths['client'] = `clients/${client.id}`;
    paths['resource'] =
      `resources/${await idOf('resources', { identifier: 'https://api.test/', name: 'API', scopes: [] })}`;
    const issuer = {
      issuer: 'https://issuer.test',
      name: 'Issuer',
      jwks_uri: 'https://issuer.test/jwks',
      subject: 'username',
      clients: [client.id],
      scope: 'a',
    };
    paths['issuer'] = `issuers/${await idOf('issuers', issuer)}`;
  });
  afterAll(() => provider.close());

  describe.each(['settings', 'user', 'client', 'resource', 'issuer'])('of the %s', (kind) => {
    it.each([
      ['__proto__', 'null'],
      ['__proto__', '{"admin":true}'],
      ['constructor', 'null'],
      ['constructor', '{"prototype":{"admin":true}}'],
      ['toString', '"x"'],
      ['hasOwnProperty', 'null'],
      ['no_such_member', 'null'],
    ])('is refused: "%s": %s', async (name, value) => {
      const path = paths[kind] ?? '';
      const before = (await api.call('GET', path)).text;
      const answer = await api.call('PATCH', path, `{"${name}":${value}}`);
      const problem = shaped(answer, 'Problem') as { errors?: { pointer: string }[] };
      expect([answer.status, problem.errors?.map(({ pointer }) => pointer)]).toEqual([400, [`/${name}`]]);
      expect((await api.call('GET', path)).text).toBe(before);
      expect(({} as { admin?: boolean }).admin).toBeUndefined();
    });
  });
});
