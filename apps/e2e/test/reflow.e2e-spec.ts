import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContext, Page } from 'playwright-core';
import { administrator } from './support/administrator.js';
import { openContext } from './support/chromium.js';
import { layoutFaultsOf } from './support/layout-rules.js';
import type { Stage } from './support/stage.js';
import { submitLogin } from './support/steps.js';
import { useTheatre } from './support/theatre.js';

/** A language that nobody speaks, from right to left: every English text with Arabic letters around it, up to 40 % longer. */
const pseudoLanguage = 'ar-XB';

const names = {
  long: `Department of ${'Unreasonably Long Names and '.repeat(6)}${'Donaudampfschifffahrt'.repeat(2)}`.slice(0, 200),
  word: 'Rindfleischetikettierungsueberwachung'.repeat(6).slice(0, 200),
  rtl: 'مُحَمَّد بن عبد الرحمن الخوارزمي – إدارة المكتبات (שלום) 42',
  emoji: '🏰🦊🚀🎉🇺🇳'.repeat(8),
} as const;

/** 1280 x 1024 at 400 %, a phone, and the window of a desktop. */
const sizes = [
  { width: 320, height: 256 },
  { width: 390, height: 844 },
  { width: 1280, height: 1024 },
] as const;

describe('pages at 400 % zoom and from right to left', () => {
  const texts = mkdtempSync(join(tmpdir(), 'gatehouse-texts-'));
  const english = JSON.parse(readFileSync(join(__dirname, '../../provider/src/i18n/en.json'), 'utf8')) as Record<
    string,
    string
  >;
  const pseudo = Object.entries(english).map(([key, message]) => [
    key,
    message.length < 20 ? `عر ${message}` : `نص ${message} عربي`,
  ]);
  writeFileSync(join(texts, `${pseudoLanguage}.json`), JSON.stringify(Object.fromEntries(pseudo)));

  const theatre = useTheatre({ adminPassword: administrator.password, provider: { GATEHOUSE_TEXTS: texts } });
  jest.setTimeout(240_000);
  let stage: Stage;
  const clients: string[] = [];
  const people: string[] = [];

  beforeAll(async () => {
    stage = theatre.stage;
    for (const [at, name] of Object.values(names).entries()) {
      clients.push((await stage.addClient(name, `https://${'long-'.repeat(10)}host-${at}.example.org`)).client_id);
      const username = `named-${at}`;
      const added = await stage.commandWithInput<{ id: string }>(
        'correct horse battery staple',
        ...['user', 'add', '--username', username, '--name', name, '--password-stdin'],
        ...['--email', `${'long.'.repeat(11)}${at}@${'subdomain.'.repeat(8)}example.org`, '--json'],
      );
      people.push(added.id);
    }
    const refused = new URLSearchParams({
      client_id: clients[0] ?? '',
      redirect_uri: `https://${'x'.repeat(60)}.example`,
    });
    await fetch(`${stage.issuer}/oauth/authorize?${refused.toString()}`);
  }, 120_000);
  afterAll(() => rmSync(texts, { recursive: true, force: true }));

  describe.each([
    ['English', 'en', 'ltr'],
    ['a language from right to left', pseudoLanguage, 'rtl'],
  ] as const)('in %s', (_name, locale, direction) => {
    let context: BrowserContext;
    let page: Page;
    let faults: string[];

    beforeEach(async () => {
      context = await openContext(theatre.chromium, { locale, reducedMotion: 'reduce' });
      page = await context.newPage();
      faults = [];
    });
    afterEach(() => context.close());

    async function check(name: string): Promise<void> {
      expect([name, await page.getAttribute('html', 'dir')]).toEqual([name, direction]);
      for (const size of sizes) {
        await page.setViewportSize(size);
        for (const fault of await layoutFaultsOf(page)) faults.push(`${name} at ${size.width}: ${fault}`);
      }
    }

    async function checkPaths(paths: readonly string[]): Promise<void> {
      for (const path of paths) {
        const response = await page.goto(stage.issuer + path);
        // A page that does not exist would have no faults.
        expect([path, response?.status()]).toEqual([path, 200]);
        await check(path.replace(/[0-9a-f-]{36}/, 'ID'));
      }
    }

    it.each(Object.entries(names))(
      'the pages of a sign-in keep everything in its box: a name that is %s',
      async (kind) => {
        const clientId = clients[Object.keys(names).indexOf(kind)] ?? '';
        const at = Object.keys(names).indexOf(kind);
        await page.goto(
          `${stage.issuer}/oauth/authorize?${new URLSearchParams({
            response_type: 'code',
            client_id: clientId,
            redirect_uri: `https://${'long-'.repeat(10)}host-${at}.example.org/authorized`,
            scope: 'openid profile email offline_access roles',
            code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbGJSstw-cM0',
            code_challenge_method: 'S256',
          }).toString()}`,
        );
        await check('login');
        await submitLogin(page, { username: `named-${at}`, password: 'wrong' });
        await page.getByRole('alert').waitFor();
        await check('login with an error');
        await submitLogin(page, { username: `named-${at}`, password: 'correct horse battery staple' });
        await page.waitForURL(/consent/);
        await check('consent');
        await checkPaths(['/home', '/account', '/account/profile', '/account/factors', '/account/security', '/logout']);
        expect(faults).toEqual([]);
      },
    );

    it('the pages before a sign-in', async () => {
      await checkPaths(['/login', '/sign-up', '/password/forgot', '/device']);
      await page.goto(`${stage.issuer}/oauth/authorize?client_id=nobody`);
      await check('refused');
      expect(faults).toEqual([]);
    });

    it('the pages of the console', async () => {
      await page.goto(`${stage.issuer}/admin`);
      await submitLogin(page, administrator);
      await page.waitForURL(`${stage.issuer}/admin`);
      await checkPaths([
        ...['/admin', '/client', '/client/add', '/user', '/user/add', '/user/invite', '/audit', '/audit?live=yes'],
        ...[
          '/failed-request',
          '/session',
          '/key',
          '/message',
          '/settings/branding',
          '/settings/sign-in',
          '/admin/system',
        ],
        ...['/resource', '/issuer', '/grant', '/token', '/search?q=named'],
      ]);
      for (const id of clients.slice(1, 3))
        await checkPaths(['', '/scopes', '/tokens', '/advanced', '/danger'].map((tab) => `/client/update/${id}${tab}`));
      for (const id of people.slice(1, 3))
        await checkPaths(['/update', '/factors', '/sessions', '/apps', '/activity'].map((tab) => `/user${tab}/${id}`));
      expect(faults).toEqual([]);
    });
  });

  it('is checked by rules that find text that is cut off, sticks out, overlaps, or makes the page scroll', async () => {
    const context = await openContext(theatre.chromium, { viewport: sizes[0] });
    const page = await context.newPage();
    const box = 'position: absolute; inline-size: 100px; block-size: 20px;';
    await page.setContent(`<!doctype html><body>
      <div style="${box} overflow: hidden; white-space: nowrap">cut off, because it is far too long</div>
      <div style="${box} inset-block-start: 60px; border: 1px solid; white-space: nowrap">outside, because it is long</div>
      <div style="${box} inset-block-start: 100px">one</div><div style="${box} inset-block-start: 102px">two</div>
      <div style="${box} inset-block-start: 140px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap">fine, with an ellipsis at its end</div>
      <div style="inline-size: 400px">wide</div></body>`);
    expect((await layoutFaultsOf(page)).map((fault) => fault.slice(0, 12))).toEqual(
      expect.arrayContaining(['scrolls side', 'cut off (DIV', 'outside of i', 'overlaps: “o']),
    );
    expect((await layoutFaultsOf(page)).join()).not.toContain('fine');
    await context.close();
  });
});
