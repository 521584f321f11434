import 'reflect-metadata';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import express from 'express';
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import type { Access } from '../src/access';
import { accessOf, metadata, protect } from '../src/express';
import { ResourceGuard, Scopes, TokenAccess } from '../src/nest';
import { ResourceServer, type ResourceServerOptions } from '../src/resource-server';

type Keys = Awaited<ReturnType<typeof generateKeyPair>>;
const now = (): number => Math.floor(Date.now() / 1000);

async function listen(handler: RequestListener): Promise<{ server: Server; origin: string }> {
  const server = createServer(handler).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe('a resource server', () => {
  const servers: Server[] = [];
  const asked: Record<string, number> = {};
  let keys: Keys;
  let issuer: string;
  let down = false;
  const opaque: Record<string, object> = {};

  beforeAll(async () => {
    keys = await generateKeyPair('ES256', { extractable: true });
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'ES256', use: 'sig' };
    const made = await listen((request, response) => {
      const path = request.url ?? '';
      asked[path] = (asked[path] ?? 0) + 1;
      const say = (body: object, status = 200): void =>
        void response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
      if (down) return say({}, 500);
      if (path === '/.well-known/oauth-authorization-server')
        return say({ issuer, jwks_uri: `${issuer}/jwks`, introspection_endpoint: `${issuer}/introspect` });
      if (path === '/jwks') return say({ keys: [jwk] });
      let body = '';
      request.on('data', (part: Buffer) => (body += part.toString()));
      request.on('end', () => {
        const basic = `Basic ${Buffer.from('api:secret').toString('base64')}`;
        if (request.headers.authorization !== basic) return say({ error: 'invalid_client' }, 401);
        say(opaque[new URLSearchParams(body).get('token') ?? ''] ?? { active: false });
      });
    });
    servers.push(made.server);
    issuer = made.origin;
  });
  afterAll(() => servers.forEach((server) => server.closeAllConnections() ?? server.close()));

  /** An API on Express: /api requires a token, /api/write also the scope write. */
  async function api(options: Partial<ResourceServerOptions> = {}): Promise<string> {
    const app = express();
    const { server, origin } = await listen(app);
    servers.push(server);
    const guard = new ResourceServer({ resource: `${origin}/api`, issuer, scopes: ['read', 'write'], ...options });
    app.use(metadata(guard));
    app.get('/api/write', protect(guard, 'write'), (_request, response) => void response.json({}));
    app.get('/api', protect(guard), (request, response) => void response.json(accessOf(request)));
    return `${origin}/api`;
  }

  const sign = (
    claims: Record<string, unknown>,
    header: Record<string, unknown> = {},
    key: Keys['privateKey'] | Uint8Array = keys.privateKey,
  ): Promise<string> =>
    new SignJWT({
      iss: issuer,
      sub: 'person',
      client_id: 'client',
      jti: randomUUID(),
      scope: 'read',
      iat: now(),
      exp: now() + 60,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: 'one', typ: 'at+jwt', ...header })
      .sign(key);
  const get = (url: string, headers: Record<string, string> = {}): Promise<Response> => fetch(url, { headers });
  const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

  it('serves its metadata at the well-known path between host and path (RFC 9728 3.1)', async () => {
    const url = await api();
    const answer = await get(url.replace('/api', '/.well-known/oauth-protected-resource/api'));
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(await answer.json()).toMatchObject({
      resource: url,
      authorization_servers: [issuer],
      bearer_methods_supported: ['header'],
      scopes_supported: ['read', 'write'],
    });
  });

  it('responds to a request without a token with a challenge without an error code (RFC 6750 3.1, RFC 9728 5.1)', async () => {
    const url = await api();
    const answer = await get(url);
    expect(answer.status).toBe(401);
    const challenge = answer.headers.get('www-authenticate') ?? '';
    expect(challenge).toContain('Bearer resource_metadata=');
    expect(challenge).toContain('DPoP algs="ES256');
    expect(challenge).not.toContain('error=');
  });

  it('accepts a JWT for it and returns its claims (RFC 9068 4)', async () => {
    const url = await api();
    const answer = await get(url, bearer(await sign({ aud: [url, 'https://other.test'] })));
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ subject: 'person', clientId: 'client', scope: ['read'] });
  });

  it('fetches metadata and keys once for many requests', async () => {
    const url = await api();
    const before = { ...asked };
    const token = await sign({ aud: url });
    for (let round = 0; round < 5; round++) expect((await get(url, bearer(token))).status).toBe(200);
    expect((asked['/jwks'] ?? 0) - (before['/jwks'] ?? 0)).toBe(1);
  });

  it.each([
    ['for another API', { aud: 'https://other.test' }, {}],
    ['of another issuer', { iss: 'https://other.test' }, {}],
    ['that has expired', { exp: 1 }, {}],
    ['that is not valid yet', { nbf: 4_000_000_000 }, {}],
    ['without a client', { client_id: undefined }, {}],
    ['that is an ID token', {}, { typ: 'JWT' }],
    ['by a key that nobody published', {}, { kid: 'two' }],
    ['with crit', {}, { crit: ['b64'], b64: true }],
  ])('refuses a JWT %s (invalid_token)', async (_what, claims, header) => {
    const url = await api();
    const answer = await get(url, bearer(await sign({ aud: url, ...claims }, header)));
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
  });

  it('rejects alg none, HS256 with the public key, and a signature with another key', async () => {
    const url = await api();
    const publicJwk = JSON.stringify(await exportJWK(keys.publicKey));
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const [, payload] = (await sign({ aud: url })).split('.');
    const other = await generateKeyPair('ES256');
    for (const token of [
      `${part({ alg: 'none', typ: 'at+jwt' })}.${payload}.`,
      await sign({ aud: url }, { alg: 'HS256' }, new TextEncoder().encode(publicJwk)),
      await sign({ aud: url }, {}, other.privateKey),
    ])
      expect((await get(url, bearer(token))).status).toBe(401);
  });

  it.each(['Bearer', 'Bearer a b', `Bearer ${'a'.repeat(12_000)}é`])(
    'refuses the malformed header %# (invalid_request)',
    async (header) => {
      const guard = new ResourceServer({ resource: 'https://api.test', issuer });
      await expect(
        guard.check({ method: 'GET', url: 'https://api.test/', authorization: header, dpop: undefined }),
      ).rejects.toMatchObject({ code: 'invalid_request', status: 400 });
    },
  );

  it('returns the missing scope (insufficient_scope)', async () => {
    const url = await api();
    const answer = await get(`${url}/write`, bearer(await sign({ aud: url })));
    expect(answer.status).toBe(403);
    expect(answer.headers.get('www-authenticate')).toMatch(/scope="write", error="insufficient_scope"/);
  });

  it('responds with 503 while the authorization server is unavailable, and recovers with it', async () => {
    const url = await api();
    const token = await sign({ aud: url });
    down = true;
    expect((await get(url, bearer(token))).status).toBe(503);
    down = false;
    expect((await get(url, bearer(token))).status).toBe(200);
  });

  describe('with introspection (RFC 7662)', () => {
    const introspection = { clientId: 'api', clientSecret: 'secret' };

    it('accepts an opaque token for it, and introspects it once for many requests', async () => {
      const url = await api({ introspection });
      opaque['good'] = { active: true, sub: 'person', scope: 'read', aud: url, exp: now() + 60 };
      const before = asked['/introspect'] ?? 0;
      const answers = await Promise.all(Array.from({ length: 10 }, () => get(url, bearer('good'))));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
      expect((asked['/introspect'] ?? 0) - before).toBe(1);
    });

    it('detects a revocation when the cached response has expired', async () => {
      let time = now();
      const url = await api({ introspection: { ...introspection, cacheSeconds: 10 }, now: () => time });
      opaque['revoked'] = { active: true, aud: url };
      expect((await get(url, bearer('revoked'))).status).toBe(200);
      opaque['revoked'] = { active: false };
      expect((await get(url, bearer('revoked'))).status).toBe(200);
      time += 10;
      expect((await get(url, bearer('revoked'))).status).toBe(401);
    });

    it('rejects a token for another API, an expired and an unknown one; wrong credentials count as an outage', async () => {
      const url = await api({ introspection });
      opaque['other'] = { active: true, aud: 'https://other.test' };
      opaque['expired'] = { active: true, aud: url, exp: 1 };
      for (const token of ['other', 'expired', 'unknown']) expect((await get(url, bearer(token))).status).toBe(401);
      const wrong = await api({ introspection: { clientId: 'api', clientSecret: 'wrong' } });
      expect((await get(wrong, bearer('x'))).status).toBe(503);
    });
  });

  describe('with DPoP (RFC 9449)', () => {
    let own: Keys;
    let jwk: JWK;
    let jkt: string;
    beforeAll(async () => {
      own = await generateKeyPair('ES256', { extractable: true });
      jwk = await exportJWK(own.publicKey);
      jkt = await calculateJwkThumbprint(jwk);
    });
    const proof = (
      url: string,
      token: string,
      claims: Record<string, unknown> = {},
      header: Record<string, unknown> = {},
      by = own,
    ): Promise<string> =>
      new SignJWT({
        htm: 'GET',
        htu: url,
        iat: now(),
        jti: randomUUID(),
        ath: createHash('sha256').update(token).digest('base64url'),
        ...claims,
      })
        .setProtectedHeader({ alg: 'ES256', typ: 'dpop+jwt', jwk, ...header })
        .sign(by.privateKey);
    const dpop = (token: string, text: string): Record<string, string> => ({
      Authorization: `DPoP ${token}`,
      DPoP: text,
    });

    it('accepts a bound token with its proof, once', async () => {
      const url = await api();
      const token = await sign({ aud: url, cnf: { jkt } });
      const text = await proof(url, token);
      expect((await get(`${url}?a=b`, dpop(token, text))).status).toBe(200);
      const again = await get(url, dpop(token, text));
      expect(again.status).toBe(401);
      expect(again.headers.get('www-authenticate')).toMatch(/^DPoP .*error="invalid_dpop_proof"/);
    });

    it('rejects a bound token without its proof, and an unbound one if binding is required (7.2)', async () => {
      const url = await api();
      expect((await get(url, bearer(await sign({ aud: url, cnf: { jkt } })))).status).toBe(401);
      const strict = await api({ dpop: 'required' });
      expect((await get(strict, bearer(await sign({ aud: strict })))).status).toBe(401);
    });

    it.each([
      ['for another method', { htm: 'POST' }, {}],
      ['for another address', { htu: 'https://other.test/' }, {}],
      ['for another token', { ath: 'other' }, {}],
      ['without ath', { ath: undefined }, {}],
      ['that is old', { iat: 1_000_000 }, {}],
      ['from the future', { iat: 4_000_000_000 }, {}],
      ['without jti', { jti: undefined }, {}],
      ['of another type', {}, { typ: 'JWT' }],
      ['without a key', {}, { jwk: undefined }],
      ['with crit', {}, { crit: ['b64'], b64: true }],
    ])('refuses a proof %s', async (_what, claims, header) => {
      const url = await api();
      const token = await sign({ aud: url, cnf: { jkt } });
      expect((await get(url, dpop(token, await proof(url, token, claims, header)))).status).toBe(401);
    });

    it('rejects a proof that contains a private key, one of another key, two proofs and an oversized one', async () => {
      const url = await api();
      const token = await sign({ aud: url, cnf: { jkt } });
      const other = await generateKeyPair('ES256', { extractable: true });
      const otherJwk = await exportJWK(other.publicKey);
      const good = await proof(url, token);
      for (const text of [
        await proof(url, token, {}, { jwk: await exportJWK(own.privateKey) }),
        await proof(url, token, {}, { jwk: otherJwk }, other),
        `${good}, ${good}`,
        await proof(url, token, { more: 'x'.repeat(9000) }),
      ])
        expect((await get(url, dpop(token, text))).status).toBe(401);
    });
  });

  it('protects a NestJS application too', async () => {
    @Controller('api')
    class Api {
      @Get()
      read(@TokenAccess() access: Access): object {
        return { subject: access.subject };
      }

      @Get('write')
      @Scopes('write')
      write(): object {
        return {};
      }
    }
    @Module({ controllers: [Api] })
    class App {}
    const app = await NestFactory.create(App, { logger: false });
    const resource = 'https://api.test/api';
    app.useGlobalGuards(new ResourceGuard(new ResourceServer({ resource, issuer })));
    await app.listen(0, '127.0.0.1');
    try {
      const url = `${await app.getUrl()}/api`;
      const good = bearer(await sign({ aud: resource }));
      expect(await (await get(url, good)).json()).toEqual({ subject: 'person' });
      const missing = await get(url);
      expect(missing.status).toBe(401);
      expect(missing.headers.get('www-authenticate')).toContain('/.well-known/oauth-protected-resource/api"');
      const lacking = await get(`${url}/write`, good);
      expect(lacking.status).toBe(403);
      expect(await lacking.json()).toMatchObject({ error: 'insufficient_scope' });
    } finally {
      await app.close();
    }
  });
});
