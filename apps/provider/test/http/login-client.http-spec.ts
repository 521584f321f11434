import type { ClientDraft } from '@gatehouse/domain/oauth';
import { Browser, unescape } from '../support/browser';
import { authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';

/** What the sign-in and consent pages show of the client (OpenID Connect Registration 2: logo, policy, terms). */
describe('the client on the sign-in and consent pages', () => {
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider();
  });
  afterAll(() => provider.close());

  async function pagesOf(more: Partial<ClientDraft>): Promise<Readonly<Record<'signIn' | 'consent', string>>> {
    const { client } = await provider.addClient({ name: 'Desk Assistant', ...more });
    const url = authorizeUrl(provider, authorizationRequest(client).parameters);
    const signIn = await new Browser().open(url);
    const person = await provider.logIn(await provider.addUser());
    return { signIn: signIn.text, consent: (await person.open(url)).text };
  }

  it.each<[string, Partial<ClientDraft>]>([
    ['has no logo', {}],
    ['was not approved', { source: 'registration', logoUri: 'https://pictures.test/somebody-else.png' }],
  ])('shows a monogram where the client %s, which screen readers skip', async (_name, more) => {
    for (const [page, text] of Object.entries(await pagesOf(more))) {
      expect([page, text]).toEqual([
        page,
        expect.stringMatching(/<span class="mono-logo[^"]*" aria-hidden="true">DA<\/span>/) as unknown,
      ]);
      expect(text).not.toContain('/client-logo/');
      expect(text).not.toContain('pictures.test');
      expect(text).not.toMatch(/ style=/);
    }
  });

  it('shows no monogram beside the logo of an approved client, and none where no client waits', async () => {
    for (const text of Object.values(await pagesOf({ logoUri: 'https://pictures.test/logo.png' }))) {
      expect(text).toContain('src="/client-logo/');
      expect(text).not.toContain('mono-logo');
    }
    expect((await new Browser().open(`${provider.base}/login`)).text).not.toContain('mono-logo');
  });

  it('escapes a name of markup', async () => {
    for (const text of Object.values(await pagesOf({ name: '<b> &amp;' }))) {
      expect(text).not.toContain('<b> ');
      expect(text).toContain('aria-hidden="true">ba</span>');
    }
  });

  const links = { policyUri: 'https://docs.test/policy?a=1&b=2', tosUri: 'https://terms.test:8443/' };
  const anchorsOf = (text: string): string[] =>
    [...text.matchAll(/<a href="https:[^>]*>[^<]*<\/a>(?: \((?:<bdi>)?[^)]*\))?/g)].map(([anchor]) => unescape(anchor));

  it('links to policy and terms in a new tab that learns nothing of this page', async () => {
    for (const [page, text] of Object.entries(await pagesOf(links)))
      expect([page, ...anchorsOf(text)]).toEqual([
        page,
        `<a href="${links.policyUri}" target="_blank" rel="noopener noreferrer">Privacy policy</a>`,
        `<a href="${links.tosUri}" target="_blank" rel="noopener noreferrer">Terms of service</a>`,
      ]);
  });

  it('names the host of each link of an unapproved client', async () => {
    for (const [page, text] of Object.entries(await pagesOf({ ...links, source: 'registration' })))
      expect([page, ...anchorsOf(text).map((anchor) => anchor.replace(/<[^>]*>/g, ''))]).toEqual([
        page,
        'Privacy policy (docs.test)',
        'Terms of service (terms.test:8443)',
      ]);
  });

  it('shows one link where there is one, and none where there is none', async () => {
    for (const text of Object.values(await pagesOf({ tosUri: links.tosUri }))) expect(anchorsOf(text)).toHaveLength(1);
    for (const text of Object.values(await pagesOf({}))) {
      expect(anchorsOf(text)).toEqual([]);
      expect(text).not.toContain('Privacy policy');
    }
  });
});
