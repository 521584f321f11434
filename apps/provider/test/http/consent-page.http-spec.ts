import type { Client } from '@gatehouse/domain/oauth';
import type { Browser } from '../support/browser';
import { addResource } from '../support/resources';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';

const orders = 'https://orders.example/';
const invoices = 'https://invoices.example/';

describe('permissions on the consent page (RFC 8707 3)', () => {
  let provider: TestProvider;
  let browser: Browser;
  let client: Client;

  beforeAll(async () => {
    provider = await startProvider();
    await addResource(provider, {
      identifier: orders,
      name: 'Orders',
      scopes: [
        { name: 'read', sentence: 'Read your orders' },
        { name: 'write', sentence: 'Place orders' },
      ],
    });
    await addResource(provider, {
      identifier: invoices,
      name: 'Invoices',
      scopes: [{ name: 'read', sentence: 'Read your invoices' }],
    });
  });
  afterAll(() => provider.close());
  beforeEach(async () => {
    browser = await provider.logIn(await provider.addUser());
    ({ client } = await provider.addClient({ name: 'Bookkeeper', scope: ['openid', 'read', 'write', 'unknown'] }));
  });

  /** Headings and list items, in the order of the page. */
  const open = async (scope: string, ...resources: string[]): Promise<string[]> => {
    const { parameters } = authorizationRequest(client, { scope });
    const more = resources.map((resource) => `&resource=${encodeURIComponent(resource)}`).join('');
    return outline((await browser.open(authorizeUrl(provider, parameters) + more)).text);
  };
  const outline = (html: string): string[] =>
    [...html.matchAll(/<(h2|li|p class="small")[^>]*>(.*?)<\/(?:h2|li|p)>/g)].map(([, tag, inner]) =>
      `${tag === 'h2' ? '# ' : ''}${(inner ?? '').replace(/<[^>]+>/g, '')}`.trim(),
    );

  it('are listed under each API, in its words, and those of this server come first', async () => {
    expect(await open('openid read write', orders, invoices)).toEqual(
      expect.arrayContaining([
        'Know who you are (an identifier of your account) openid',
        `# Invoices ${invoices}`,
        'Read your invoices read',
        `# Orders ${orders}`,
        'Read your orders read',
        'Place orders write',
      ]),
    );
    const page = await open('openid read write', orders, invoices);
    const at = (line: string): number => page.indexOf(line);
    expect(at('Know who you are (an identifier of your account) openid')).toBeLessThan(
      Math.min(at(`# Orders ${orders}`), at(`# Invoices ${invoices}`)),
    );
    for (const [heading, ...lines] of [
      [`# Orders ${orders}`, 'Read your orders read', 'Place orders write'],
      [`# Invoices ${invoices}`, 'Read your invoices read'],
    ])
      expect(page.slice(at(heading ?? ''), at(heading ?? '') + lines.length + 1)).toEqual([heading, ...lines]);
  });

  it('that no requested API defines stand apart, and an API without any is named all the same', async () => {
    const page = await open('openid unknown', orders);
    const start = page.indexOf(`# Orders ${orders}`);
    expect(page.slice(start, start + 4)).toEqual([
      `# Orders ${orders}`,
      'Access without any particular permission',
      '# Other permissions',
      'unknown',
    ]);
  });

  it('of a request that names no API are shown with each meaning that they have', async () => {
    expect(await open('read')).toEqual(expect.arrayContaining(['Read your orders read', 'Read your invoices read']));
  });

  it('are listed by API among connected applications, as they were allowed', async () => {
    await open('openid read write', orders);
    expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    await open('openid read', invoices);
    expect(answerOf(await browser.submit({ confirm: 'yes' })).has('code')).toBe(true);
    const { text } = await browser.open(`${provider.issuer}/account`);
    const page = outline(text.slice(text.indexOf('id="applications"')));
    const at = (line: string): number => page.indexOf(line);
    expect(page.slice(at(`Orders ${orders}`), at(`Orders ${orders}`) + 3)).toEqual([
      `Orders ${orders}`,
      'Read your orders',
      'Place orders',
    ]);
    expect(page.slice(at(`Invoices ${invoices}`), at(`Invoices ${invoices}`) + 2)).toEqual([
      `Invoices ${invoices}`,
      'Read your invoices',
    ]);
    const own = (await browser.open(`${provider.issuer}/account/data`)).json<{ applications: unknown }>();
    expect(own.applications).toMatchObject([
      {
        may: ['Know who you are (an identifier of your account)'],
        apis: expect.arrayContaining([
          { name: 'Orders', identifier: orders, may: ['Read your orders', 'Place orders'] },
          { name: 'Invoices', identifier: invoices, may: ['Read your invoices'] },
        ]) as unknown,
      },
    ]);
  });
});
