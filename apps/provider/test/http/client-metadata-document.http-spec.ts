import type { RequestListener } from 'node:http';
import type { Client } from '@gatehouse/domain/oauth';
import { ClientStates } from '../../src/clients/client-states.service';
import { ClientsService } from '../../src/clients/clients.service';
import { Browser, type Answer } from '../support/browser';
import { startDocumentServer, type DocumentServer } from '../support/document-server';
import { eventually } from '../support/eventually';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  post,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { changeClient } from '../support/client-changes';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const redirectUri = 'https://app.test/callback';

describe('a client that is described by a document at its client_id', () => {
  let documents: DocumentServer;
  let provider: TestProvider;
  let browser: Browser;
  let number = 0;
  beforeAll(async () => {
    documents = await startDocumentServer(redirectUri);
    provider = await startProvider({
      env: { GATEHOUSE_CLIENT_METADATA_DOCUMENTS: 'open', GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1/32' },
    });
    browser = await provider.logIn(await provider.addUser());
  });
  beforeEach(() => {
    documents.answer = undefined;
    documents.headers = {};
    documents.says = {};
    // Past every count by host.
    provider.clock.advance(120);
  });
  afterAll(async () => {
    await documents.close();
    await provider.close();
  });

  const newId = (): string => `${documents.origin}/client-${++number}.json`;
  const begin = (id: string, to: TestProvider = provider): { proof: { verifier: string }; url: string } => {
    const { parameters, proof } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
    return { proof, url: authorizeUrl(to, parameters) };
  };
  const open = (id: string): Promise<Answer> => browser.open(begin(id).url);
  const allow = async (id: string): Promise<{ code: string; verifier: string }> => {
    const { url, proof } = begin(id);
    await browser.open(url);
    const answer = browser.page?.status === 200 ? await browser.submit({ confirm: 'yes' }) : browser.page;
    if (!answer) throw new Error('no answer');
    return { code: answerOf(answer).get('code') ?? '', verifier: proof.verifier };
  };
  const redeem = (id: string, { code, verifier }: { code: string; verifier: string }): Promise<Answer> =>
    post(`${provider.base}/oauth/token`, {
      grant_type: 'authorization_code',
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      client_id: id,
    });
  /** The host that a page or an error shows is told apart from everything else by this sentence. */
  const refusedWith = async (id: string, sentence: string): Promise<void> => {
    const answer = await open(id);
    expect(answer.status).toBe(400);
    expect(answer.location).toBeUndefined();
    expect(answer.text).toContain(sentence);
  };

  it('is announced in the metadata', async () => {
    const answer = await browser.send(`${provider.base}/.well-known/oauth-authorization-server`);
    expect(answer.json()).toMatchObject({ client_id_metadata_document_supported: true });
  });

  it('is shown with its host and the warning, and gets tokens', async () => {
    const id = newId();
    const page = await open(id);
    expect(page.text).toContain('An agent');
    expect(page.text).toContain(new URL(id).host);
    expect(page.text).toContain('has checked this app.');
    // The address as a fact of its own, marked as an address.
    expect(page.text).toContain(`<dt>Described by</dt><dd><code>${id}</code></dd>`);
    const answer = await redeem(id, await allow(id));
    expect(answer.status).toBe(200);
  });

  it('stands among the new clients, with where it comes from', async () => {
    const id = newId();
    await open(id);
    const { clients } = await provider.app.get(ClientsService).list({ state: 'new', search: id, limit: 10 });
    expect(clients).toMatchObject([{ id, source: 'metadata_document', type: 'public', approvedAt: undefined }]);
    expect(await provider.app.get(ClientStates).origin(id)).toMatchObject({ registeredAddress: '127.0.0.1' });
  });

  it('is fetched once for many requests, and again when it is no longer fresh', async () => {
    const id = newId();
    documents.headers = { 'Cache-Control': 'max-age=300' };
    const before = documents.asked;
    await Promise.all(Array.from({ length: 10 }, () => new Browser().send(begin(id).url)));
    expect(documents.asked - before).toBe(1);
    provider.clock.advance(299);
    await open(id);
    expect(documents.asked - before).toBe(1);
    provider.clock.advance(2);
    await open(id);
    expect(documents.asked - before).toBe(2);
  });

  it.each([
    ['another client_id', { client_id: 'https://other.test/client.json' }, 'is another one'],
    ['no client_id', { client_id: undefined }, 'is another one'],
    ['a secret', { client_secret: 'secret' }, 'has no secret'],
    ['a method with a secret', { token_endpoint_auth_method: 'client_secret_basic' }, 'none or private_key_jwt'],
    ['no redirect URI', { redirect_uris: [] }, 'redirect_uris'],
    ['a redirect URI that registration refuses', { redirect_uris: ['http://app.test/'] }, 'redirect_uris'],
    ['a redirect URI with a fragment', { redirect_uris: ['https://app.test/#a'] }, 'redirect_uris'],
    ['a scope that an administrator gives', { scope: 'openid gatehouse:admin' }, 'scope'],
    ['a redirect_uris of another kind', { redirect_uris: 'https://app.test/' }, 'redirect_uris'],
  ])('is refused with %s', async (_what, says, sentence) => {
    documents.says = says;
    await refusedWith(newId(), sentence);
  });

  it.each<[string, RequestListener]>([
    ['redirects', (_request, response) => response.writeHead(302, { Location: `${documents.origin}/other` }).end()],
    [
      'is too large',
      (_request, response) =>
        response.writeHead(200, { 'Content-Type': 'application/json' }).end(`"${'x'.repeat(40_000)}"`),
    ],
    ['is no JSON', (_request, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('{')],
    ['is a list', (_request, response) => response.writeHead(200, { 'Content-Type': 'application/json' }).end('[]')],
    ['is a page', (_request, response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('{}')],
    ['is not there', (_request, response) => response.writeHead(404).end()],
    ['breaks off', (_request, response) => void response.destroy()],
  ])('is refused where its document %s, in one sentence for all', async (_what, answer) => {
    documents.answer = answer;
    await refusedWith(newId(), 'could not be read');
  });

  it('is rejected where its document is slow', async () => {
    documents.answer = () => undefined;
    await refusedWith(newId(), 'could not be read');
  }, 15_000);

  it('is not asked for again at once after a failure', async () => {
    const id = newId();
    documents.answer = (_request, response) => response.writeHead(500).end();
    const before = documents.asked;
    await open(id);
    await open(id);
    expect(documents.asked - before).toBe(1);
    documents.answer = undefined;
    provider.clock.advance(31);
    expect((await open(id)).status).toBe(200);
  });

  it.each([
    'http://app.test/client.json',
    'https://user:password@app.test/client.json',
    'https://app.test/a/../client.json',
    'https://app.test/client.json#a',
    'https://app.test/',
  ])('is refused by its address alone: %s', async (id) => {
    const before = documents.asked;
    expect((await open(id)).status).toBe(400);
    expect(documents.asked).toBe(before);
  });

  it.each(['https://10.0.0.1/client.json', 'https://[::1]/client.json', 'https://169.254.169.254/client.json'])(
    'never makes us reach into our network: %s',
    (id) => refusedWith(id, 'could not be read'),
  );

  it('may ask for so many documents of one host, and no more', async () => {
    const answers: number[] = [];
    for (let tries = 0; tries < 40; tries++) answers.push((await new Browser().send(begin(newId()).url)).status);
    const before = documents.asked;
    await open(newId());
    expect(documents.asked).toBe(before);
    expect(answers.filter((status) => status === 303).length).toBeLessThanOrEqual(30);
  });

  it('redeems what it began, whatever its document says since; and needs the page again where it changed', async () => {
    const id = newId();
    const begun = await allow(id);
    documents.says = { redirect_uris: ['https://elsewhere.test/'], client_name: 'Another' };
    provider.clock.advance(30);
    expect((await redeem(id, begun)).status).toBe(200);
    provider.clock.advance(601);
    // The old redirect URI is not the client's any more: a page, and no redirect.
    await refusedWith(id, 'not registered');
  });

  it.each([
    ['another name', { client_name: 'Your bank' }],
    ['another redirect host beside its own', { redirect_uris: [redirectUri, 'https://elsewhere.test/'] }],
  ])('loses what people allowed it with %s, and keeps it with the rest of its document', async (_name, change) => {
    const id = newId();
    const begun = await allow(id);
    const silently = async (): Promise<string> => {
      const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client, {
        prompt: 'none',
      });
      const answer = answerOf(await browser.open(authorizeUrl(provider, parameters)));
      return answer.get('error') ?? (answer.has('code') ? 'code' : 'nothing');
    };
    documents.says = { contacts: ['someone@app.test'] };
    provider.clock.advance(601);
    expect(await silently()).toBe('code');
    documents.says = change;
    provider.clock.advance(601);
    expect(await silently()).toBe('consent_required');
    // What was granted to the old identity ends too.
    expect((await redeem(id, begun)).json()['error']).toBe('invalid_grant');
    await allow(id);
    expect(await silently()).toBe('code');
  });

  it('is asked for each time where it runs on the person’s own machine (RFC 8252 8.6)', async () => {
    const id = newId();
    const redirect_uri = 'http://127.0.0.1:51004/callback';
    documents.says = { redirect_uris: ['http://127.0.0.1/callback'] };
    const ask = (more: Record<string, string> = {}): Promise<Answer> => {
      const client = { id, redirectUris: [redirect_uri] } as unknown as Client;
      return browser.open(authorizeUrl(provider, authorizationRequest(client, more).parameters));
    };
    for (let round = 0; round < 2; round++) {
      await ask();
      expect(browser.address).toContain('/consent');
      expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
      expect(answerOf(await ask({ prompt: 'none' })).get('error')).toBe('consent_required');
    }
  });

  it('loses its approval with its name, and keeps it with the rest', async () => {
    const id = newId();
    await open(id);
    await provider.execute(SetClientState, { id, decision: 'approve' });
    const clients = provider.app.get(ClientsService);
    documents.says = { contacts: ['someone@app.test'] };
    provider.clock.advance(601);
    await open(id);
    expect(await clients.findFresh(id)).toMatchObject({ approvedAt: expect.any(Number) as number });
    documents.says = { client_name: 'Your bank' };
    provider.clock.advance(601);
    await open(id);
    expect(await clients.findFresh(id)).toMatchObject({ name: 'Your bank', approvedAt: undefined });
  });

  it('loses what an administrator gave it when it turns to other addresses or asks for more', async () => {
    const id = newId();
    documents.says = { scope: 'openid profile' };
    await open(id);
    const clients = provider.app.get(ClientsService);
    await changeClient(provider, id, { consentRequired: false, serviceAccount: true, secondFactorRequired: true });
    documents.says = { scope: 'openid profile', contacts: ['someone@app.test'] };
    provider.clock.advance(601);
    await open(id);
    expect(await clients.findFresh(id)).toMatchObject({ consentRequired: false, serviceAccount: true });
    documents.says = { scope: 'openid profile email' };
    provider.clock.advance(601);
    await open(id);
    expect(await clients.findFresh(id)).toMatchObject({
      consentRequired: true,
      serviceAccount: false,
      secondFactorRequired: true,
    });
  });

  it('stays banned, whatever its document says', async () => {
    const id = newId();
    await open(id);
    await provider.execute(SetClientState, { id, decision: 'disable' });
    const answer = await eventually(
      () => open(id),
      ({ status }) => status === 400,
    );
    expect(answer.text).toContain('disabled');
    documents.says = { client_name: 'Quite another' };
    provider.clock.advance(601);
    expect((await open(id)).status).toBe(400);
  });

  it('cannot be deleted while it is banned: its next request would bring it back without the ban', async () => {
    const id = newId();
    await open(id);
    await provider.execute(SetClientState, { id, decision: 'restrict' });
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    await admin.open(`${provider.base}/client/update/${encodeURIComponent(id)}`);
    expect(admin.page?.text).toContain('It’s kept because it’s disabled or restricted');
    await admin.open(`${provider.base}/client/delete/${encodeURIComponent(id)}`);
    const refused = await admin.submit({ name: 'An agent' }, { action: '/client/delete/' });
    expect(refused.status).toBe(409);
    expect(refused.text).toContain('lift the restriction first');
    expect(await provider.app.get(ClientsService).findFresh(id)).toMatchObject({
      restrictedAt: expect.any(Number) as number,
    });
    await provider.execute(SetClientState, { id, decision: 'unrestrict' });
    await admin.open(`${provider.base}/client/delete/${encodeURIComponent(id)}`);
    expect((await admin.submit({ name: 'An agent' }, { action: '/client/delete/' })).status).toBe(200);
    expect(await provider.app.get(ClientsService).findFresh(id)).toBeUndefined();
  });

  it('has pages like any other client, its address in one part of theirs', async () => {
    const id = newId();
    await open(id);
    const admin = await provider.logIn(await provider.addUser({ roles: ['admin'] }));
    const list = await admin.open(`${provider.base}/client?state=new&q=${encodeURIComponent(id)}`);
    expect(list.text).toContain(`/client/update/${encodeURIComponent(id)}`);
    const page = await admin.open(`${provider.base}/client/update/${encodeURIComponent(id)}`);
    expect(page.text).toContain('The document at its client ID');
    await admin.submit({ action: 'approve' }, { action: '/client/state/' });
    expect(await provider.app.get(ClientsService).findFresh(id)).toMatchObject({
      approvedAt: expect.any(Number) as number,
    });
  });

  it('may push its first request (RFC 9126), which no other endpoint takes from a stranger', async () => {
    const id = newId();
    const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
    const before = documents.asked;
    expect((await post(`${provider.base}/oauth/token`, { client_id: id, grant_type: 'x' })).status).toBe(401);
    expect(documents.asked).toBe(before);
    const answer = await post(`${provider.base}/oauth/par`, parameters as Record<string, string>);
    expect(answer.status).toBe(201);
  });
});

describe('the setting', () => {
  const start = (env: Record<string, string>): Promise<TestProvider> =>
    startProvider({ env: { GATEHOUSE_OUTBOUND_ALLOW: '127.0.0.1/32', ...env } });
  const open = (provider: TestProvider, id: string): Promise<Answer> => {
    const { parameters } = authorizationRequest({ id, redirectUris: [redirectUri] } as unknown as Client);
    return new Browser().send(authorizeUrl(provider, parameters));
  };

  it.each([
    ['off', '', 400],
    ['allow-list', '', 400],
    ['allow-list', 'app.test, 127.0.0.1', 303],
    ['open', '!127.0.0.1', 400],
  ])('%s with the hosts %j', async (mode, hosts, status) => {
    const documents = await startDocumentServer(redirectUri);
    const provider = await start({
      GATEHOUSE_CLIENT_METADATA_DOCUMENTS: mode,
      GATEHOUSE_CLIENT_METADATA_HOSTS: hosts,
    });
    try {
      expect((await open(provider, `${documents.origin}/client.json`)).status).toBe(status);
      expect(documents.asked).toBe(status === 303 ? 1 : 0);
    } finally {
      await provider.close();
      await documents.close();
    }
  });
});
