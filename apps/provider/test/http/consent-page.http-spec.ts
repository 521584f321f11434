import type { Client } from '@gatehouse/domain/oauth';
import { unescape, type Browser } from '../support/browser';
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

  const open = async (scope: string, ...resources: string[]): Promise<string> => {
    const { parameters } = authorizationRequest(client, { scope });
    const more = resources.map((resource) => `&resource=${encodeURIComponent(resource)}`).join('');
    return (await browser.open(authorizeUrl(provider, parameters) + more)).text;
  };
  const textOf = (html: string): string =>
    unescape(html.replace(/<span class="(?:mono-logo|avatar).*?<\/span>|<[^>]+>/g, '')).trim();
  /** The list of what is asked for: headings and sentences, in the order of the page. */
  const asksOf = (html: string): string[] =>
    [...(/<ul class="asks".*?<\/ul>/s.exec(html)?.[0] ?? '').matchAll(/<li( class="asks-head")?>(.*?)<\/li>/gs)].map(
      ([, head, inner]) => `${head ? '# ' : ''}${textOf(inner ?? '')}`,
    );
  /** The wire names under the technical details, by their label. */
  const detailsOf = (html: string): Record<string, string[]> =>
    Object.fromEntries(
      [...html.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/gs)].map(([, label, inner]) => [
        textOf(label ?? ''),
        [...(inner ?? '').matchAll(/<code class="scope">(.*?)<\/code>/g)].map(([, name]) => textOf(name ?? '')),
      ]),
    );
  const outline = (html: string): string[] =>
    [...html.matchAll(/<(h2|li|p class="small")[^>]*>(.*?)<\/(?:h2|li|p)>/g)].map(([, tag, inner]) =>
      `${tag === 'h2' ? '# ' : ''}${(inner ?? '').replace(/<[^>]+>/g, '')}`.trim(),
    );

  it('are listed under each API, in its words, and those of this server come first', async () => {
    const page = await open('openid read write', orders, invoices);
    const asks = asksOf(page);
    expect(asks.slice(0, 2)).toEqual(['# Your account', 'Know which account is yours']);
    for (const [heading, ...lines] of [
      ['# Orders', 'Read your orders', 'Place orders'],
      ['# Invoices', 'Read your invoices'],
    ]) {
      const start = asks.indexOf(heading ?? '');
      expect(asks.slice(start, start + lines.length + 1)).toEqual([heading, ...lines]);
    }
    expect(asks).toHaveLength(7);
    expect(detailsOf(page)).toMatchObject({
      Scopes: ['openid', 'read', 'write'],
      Orders: [orders, 'read', 'write'],
      Invoices: [invoices, 'read'],
    });
  });

  it('that no requested API defines stand apart, and an API without any is named all the same', async () => {
    const asks = asksOf(await open('openid unknown', orders));
    const start = asks.indexOf('# Orders');
    expect(asks.slice(start, start + 4)).toEqual([
      '# Orders',
      'Use it without any specific permission',
      '# Other permissions',
      'unknown',
    ]);
  });

  it('of a request that names no API are shown with each meaning that they have', async () => {
    expect(asksOf(await open('read'))).toEqual(expect.arrayContaining(['Read your orders', 'Read your invoices']));
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
        may: ['Know which account is yours'],
        apis: expect.arrayContaining([
          { name: 'Orders', identifier: orders, may: ['Read your orders', 'Place orders'] },
          { name: 'Invoices', identifier: invoices, may: ['Read your invoices'] },
        ]) as unknown,
      },
    ]);
  });
});
