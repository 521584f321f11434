import type { Client, ClientDraft } from '@gatehouse/domain/oauth';
import { compactDecrypt, createRemoteJWKSet, decodeProtectedHeader, exportJWK, generateKeyPair, jwtVerify } from 'jose';
import type { Browser } from '../support/browser';
import { send, type Answer } from '../support/browser';
import { authorize, post, redeem, startProvider, type TestProvider } from '../support/provider';

describe('UserInfo as a JWT (OpenID Connect Core 5.3.2)', () => {
  let provider: TestProvider;
  let browser: Browser;
  let personId: string;

  beforeAll(async () => {
    provider = await startProvider();
    const person = await provider.addUser({ email: 'ada@example.test' });
    personId = person.id;
    browser = await provider.logIn(person);
  });
  afterAll(() => provider.close());

  async function userinfo(draft: Partial<ClientDraft>): Promise<{ answer: Answer; client: Client; secret: string }> {
    const registered = await provider.addClient(draft);
    const { code, verifier } = await authorize(provider, browser, registered.client, { scope: 'openid email' });
    const token = (await redeem(provider, registered, code, verifier)).json<{ access_token: string }>().access_token;
    const url = `${provider.base}/oauth/userinfo`;
    const answer = await send(url, { headers: { Authorization: `Bearer ${token}` } });
    const inBody = await post(url, { access_token: token });
    expect(inBody.headers['content-type']).toBe(answer.headers['content-type']);
    return { answer, ...registered };
  }

  const keySet = () => createRemoteJWKSet(new URL(`${provider.base}/.well-known/jwks.json`));
  const claims = (client: Client): object => ({
    sub: personId,
    email: 'ada@example.test',
    email_verified: false,
    iss: provider.issuer,
    aud: client.id,
  });

  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('is signed by %s, for the client alone', async (algorithm) => {
    const { answer, client } = await userinfo({ userinfoSignedResponseAlg: algorithm });
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toMatch(/^application\/jwt/);
    expect(answer.headers['cache-control']).toBe('no-store');
    const { payload, protectedHeader } = await jwtVerify(answer.text, keySet(), {
      issuer: provider.issuer,
      audience: client.id,
    });
    expect(protectedHeader.alg).toBe(algorithm);
    expect(payload).toEqual(claims(client));
  });

  it('is signed with the client’s secret if it registered HS256', async () => {
    const { answer, client, secret } = await userinfo({ userinfoSignedResponseAlg: 'HS256' });
    const { payload } = await jwtVerify(answer.text, Buffer.from(secret), { audience: client.id });
    expect(payload).toEqual(claims(client));
  });

  it('is signed, then encrypted to the client', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ECDH-ES', { extractable: true });
    const key = { ...(await exportJWK(publicKey)), use: 'enc', alg: 'ECDH-ES', kid: 'enc-1' };
    const { answer, client } = await userinfo({
      jwks: { keys: [key] },
      userinfoSignedResponseAlg: 'ES256',
      userinfoEncryptedResponseAlg: 'ECDH-ES',
      userinfoEncryptedResponseEnc: 'A128GCM',
    });
    expect(answer.headers['content-type']).toMatch(/^application\/jwt/);
    expect(decodeProtectedHeader(answer.text)).toMatchObject({
      alg: 'ECDH-ES',
      enc: 'A128GCM',
      cty: 'JWT',
      kid: 'enc-1',
    });
    const { plaintext } = await compactDecrypt(answer.text, privateKey);
    const { payload } = await jwtVerify(Buffer.from(plaintext).toString(), keySet());
    expect(payload).toEqual(claims(client));
  });

  it('is plain JSON for every other client, without iss and aud', async () => {
    const { answer } = await userinfo({});
    expect(answer.headers['content-type']).toMatch(/^application\/json/);
    expect(answer.json()).toEqual({ sub: personId, email: 'ada@example.test', email_verified: false });
  });
});
