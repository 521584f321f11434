import { connect } from 'node:net';
import { adminApi } from '../support/admin-api';
import { basic, startProvider, type TestProvider } from '../support/provider';

const form = 'Content-Type: application/x-www-form-urlencoded';
const json = 'Content-Type: application/json';

/** Whatever stands before this server may look at another of both than we do (RFC 9110 5.3, 11.6.2). */
describe.each([true, false])('two Authorization headers, with direct dispatch: %s,', (dispatchDirectly) => {
  let provider: TestProvider;
  let right: string;
  let bearer: string;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open' }, dispatchDirectly });
    const api = await adminApi(provider);
    right = basic(api.registered.client, api.registered.secret);
    bearer = `Bearer ${api.token}`;
  });
  afterAll(() => provider.close());

  function ask(line: string, headers: readonly string[], body = ''): Promise<string> {
    const { port } = new URL(provider.base);
    const head = [`${line} HTTP/1.1`, 'Host: x', 'Connection: close', `Content-Length: ${body.length}`, ...headers];
    return new Promise((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`));
      let received = '';
      socket.on('data', (part: Buffer) => (received += part.toString()));
      socket.on('close', () => resolve(received));
      socket.on('error', reject);
    });
  }

  const grant = 'grant_type=client_credentials&token=x';
  it.each([
    ['POST /oauth/token', form, grant],
    ['POST /oauth/par', form, grant],
    ['POST /oauth/introspect', form, grant],
    ['POST /oauth/revoke', form, grant],
    ['POST /oauth/device', form, grant],
    ['POST /oauth/register', json, '{"redirect_uris":["https://a.test/cb"]}'],
    ['GET /oauth/register/some-client', json, ''],
    ['GET /oauth/userinfo', json, ''],
    ['GET /api/me', json, ''],
    ['GET /api/admin/v1/users', json, ''],
  ])('are refused at %s, whichever comes first', async (line, type, body) => {
    for (const both of [
      [right, bearer],
      [bearer, right],
      [right, right],
    ]) {
      const answer = await ask(
        line,
        [type, ...both.map((value, index) => `${index ? 'authorization' : 'Authorization'}: ${value}`)],
        body,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(answer).toContain('The Authorization header is repeated.');
    }
  });

  it('are none where there is one', async () => {
    expect(await ask('POST /oauth/token', [form, `authorization: ${right}`], grant)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await ask('GET /api/admin/v1/users', [`AUTHORIZATION: ${bearer}`])).toMatch(/^HTTP\/1\.1 200 /);
  });
});
