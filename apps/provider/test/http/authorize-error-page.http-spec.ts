import type { Client } from '@gatehouse/domain/oauth';
import { ClientsService } from '../../src/clients/clients.service';
import { Browser, formOf, type Answer } from '../support/browser';
import { sendPush } from '../support/par';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { configuration, metadataOf, registered, type RegisteredClient } from '../support/registration';
import { SetClientState } from '../../src/clients/operations/set-client-state';

const redirect_uri = 'https://client.test/cb';
const broken = { scope: 'openid made_up' };

describe('an error of an unapproved client (RFC 9700 4.11.2)', () => {
  let provider: TestProvider;
  let made: RegisteredClient;
  let client: Client;

  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_REGISTRATION: 'open', GATEHOUSE_THROTTLE: 'off' } });
  });
  afterAll(() => provider.close());
  beforeEach(async () => {
    made = await registered(provider, { client_name: 'Reader', scope: 'openid', redirect_uris: [redirect_uri] });
    client = await fresh();
  });

  const fresh = async (): Promise<Client> => {
    const found = await provider.app.get(ClientsService).findFresh(made.client_id);
    if (!found) throw new Error('the client is there');
    return found;
  };
  const ask = (browser: Browser, overrides: Record<string, string | undefined>): Promise<Answer> =>
    browser.open(authorizeUrl(provider, authorizationRequest(client, { redirect_uri, ...overrides }).parameters));
  /** Where the link of an error page leads. */
  const linkOf = (page: Answer): URL => {
    expect([page.status, page.location]).toEqual([400, undefined]);
    const [, href = ''] = /<a class="btn btn-block" href="([^"]+)" rel="noreferrer"/.exec(page.text) ?? [];
    return new URL(href.replaceAll('&#x3D;', '=').replaceAll('&amp;', '&'));
  };

  it('is shown on a page, from where a link leads to the client with the same answer', async () => {
    const page = await ask(new Browser(), broken);
    const link = linkOf(page);
    expect(link.origin + link.pathname).toBe(redirect_uri);
    expect(Object.fromEntries(link.searchParams)).toMatchObject({
      error: 'invalid_scope',
      state: 'some-state',
      iss: provider.issuer,
    });
    expect(page.text).toContain('Reader');
    expect(page.text).toContain('client.test');
    expect(page.text).toMatch(/<code id="request-id">[^<]+<\/code>/);
    expect(page.headers['cache-control']).toContain('no-store');
  });

  it.each([
    ['that is redirected', { scope: 'openid made_up' }],
    ['that is not redirected', { redirect_uri: 'https://other.test/' }],
  ])(
    '%s tells the name that the client chose apart from the sentence, and marks it as not verified',
    async (_how, request) => {
      const name = 'Gatehouse locked you out. Call 555, or you';
      made = await registered(provider, { client_name: name, scope: 'openid', redirect_uris: [redirect_uri] });
      client = await fresh();
      const page = await ask(new Browser(), request);
      expect(page.status).toBe(400);
      expect(page.text).toContain(`<h1 class="mbs"><strong>${name}</strong> couldn’t sign you in</h1>`);
      expect(page.text).toContain('Not verified');
    },
  );

  it('does not mark the name of an approved client', async () => {
    const approved = await provider.addClient({ name: 'Approved app' });
    const { parameters } = authorizationRequest(approved.client, { redirect_uri: 'https://other.test/' });
    const page = await new Browser().open(authorizeUrl(provider, parameters));
    expect(page.text).toContain('<h1 class="mbs"><strong>Approved app</strong> couldn’t sign you in</h1>');
    expect(page.text).not.toContain('Not verified');
  });

  it('is also shown to a signed-in user who has not allowed the client', async () => {
    linkOf(await ask(await provider.logIn(await provider.addUser()), broken));
  });

  it('is shown with the response in the fragment, in a form or in a JWT, as the client requests', async () => {
    expect(linkOf(await ask(new Browser(), { ...broken, response_mode: 'fragment' })).hash).toContain(
      'error=invalid_scope',
    );
    expect([
      ...linkOf(await ask(new Browser(), { ...broken, response_mode: 'query.jwt' })).searchParams.keys(),
    ]).toEqual(['response']);
    const page = await ask(new Browser(), { ...broken, response_mode: 'form_post' });
    expect(page.status).toBe(400);
    const { action, fields } = formOf(page.text);
    expect(action).toBe(redirect_uri);
    expect(Object.fromEntries(fields)).toMatchObject({ error: 'invalid_scope', state: 'some-state' });
    expect(page.headers['content-security-policy']).toMatch(/form-action[^;]* https:/);
    // It waits for a person.
    expect(page.text).not.toContain('form-post.js');
  });

  it('is shown for a pushed request too', async () => {
    const { parameters } = authorizationRequest(client, { redirect_uri });
    const pushed = await sendPush(provider, { client, secret: made.client_secret ?? '' }, parameters);
    const request_uri = String(pushed.json()['request_uri']);
    await configuration(made, 'PUT', { metadata: { ...metadataOf(made), scope: 'profile' } });
    const page = await new Browser().open(authorizeUrl(provider, { client_id: client.id, request_uri }));
    expect(linkOf(page).searchParams.get('error')).toBe('invalid_scope');
  });

  it('is shown where the request could never be met, before anybody logs in', async () => {
    const claims = JSON.stringify({ id_token: { acr: { essential: true, values: ['unheard-of'] } } });
    expect(linkOf(await ask(new Browser(), { scope: 'openid', claims })).searchParams.get('error')).toBe(
      'unmet_authentication_requirements',
    );
  });

  it('goes to the client by itself with prompt=none', async () => {
    expect(answerOf(await ask(new Browser(), { ...broken, prompt: 'none' })).get('error')).toBe('invalid_scope');
    expect(answerOf(await ask(new Browser(), { scope: 'openid', prompt: 'none' })).get('error')).toBe('login_required');
  });

  it('is redirected to the client if this user has allowed it before, and only for this user', async () => {
    const browser = await provider.logIn(await provider.addUser());
    await ask(browser, { scope: 'openid' });
    expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    expect(answerOf(await ask(browser, broken)).get('error')).toBe('invalid_scope');
    linkOf(await ask(new Browser(), broken));
    linkOf(await ask(await provider.logIn(await provider.addUser()), broken));
  });

  it('goes to the client by itself after a person said no', async () => {
    const browser = await provider.logIn(await provider.addUser());
    await ask(browser, { scope: 'openid' });
    expect(answerOf(await browser.submit({ confirm: 'no' })).get('error')).toBe('access_denied');
  });

  it('goes to the client by itself once an administrator approved it', async () => {
    await provider.execute(SetClientState, { id: client.id, decision: 'approve' });
    expect(answerOf(await ask(new Browser(), broken)).get('error')).toBe('invalid_scope');
  });

  it('is a page without any link where the redirect URI is not proven (RFC 6749 4.1.2.1)', async () => {
    const page = await ask(new Browser(), { ...broken, redirect_uri: 'https://evil.test/' });
    expect(page.status).toBe(400);
    const targets = [...page.text.matchAll(/ (?:href|action|src)="([^"]*)"/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => !target.startsWith('/') && target !== '#main')).toEqual([]);
    expect(page.text.replace(/ href="\/language[^"]*"/g, '')).not.toContain('evil.test');
  });
});
