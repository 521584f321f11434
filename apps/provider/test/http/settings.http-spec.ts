import { adminApi, callerOf, pageOf, shaped, type AdminApiClient } from '../support/admin-api';
import { Browser, send, type Answer } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { SmtpServer } from '../support/smtp-server';
import { obtainTokens } from '../support/tokens';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>';
const dataUrl = (content: string | Buffer): string =>
  `data:image/svg+xml;base64,${Buffer.from(content).toString('base64')}`;

async function apiOf(provider: TestProvider, roles: string[], scope = 'gatehouse:admin') {
  const registered = await provider.addClient({
    name: 'Console',
    scope: ['openid', 'gatehouse:read', 'gatehouse:admin'],
  });
  const user = await provider.addUser({ roles, email: `${roles.join('-')}@people.test`, emailVerified: true });
  const { access_token } = await obtainTokens(provider, await provider.logIn(user), registered, { scope });
  return { user, ...callerOf(provider, access_token) };
}

async function settingOf(
  api: Pick<AdminApiClient, 'call'>,
  name: string,
): Promise<Record<string, unknown> | undefined> {
  const { settings } = shaped(await api.call('GET', 'settings'), 'Settings') as {
    settings: Record<string, unknown>[];
  };
  return settings.find((each) => each['name'] === name);
}

interface ProblemDocument {
  readonly detail: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

const problemsOf = (answer: Answer): ProblemDocument => answer.json<ProblemDocument>();

describe('settings at the administration’s API', () => {
  let provider: TestProvider;
  let api: AdminApiClient;
  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_SESSION_LIFETIME: '86400',
        GATEHOUSE_TERMS_URL: 'https://terms.example/',
        GATEHOUSE_SECOND_FACTOR_ROLES: 'auditor',
        GATEHOUSE_INITIAL_ACCESS_TOKEN: 'a secret of at least thirty-two bytes',
      },
    });
    api = await adminApi(provider);
  });
  afterAll(() => provider.close());

  const change = (body: unknown, headers = {}): Promise<Answer> => api.call('PATCH', 'settings', body, headers);

  it('are listed with value, source and what is stored, and without secrets', async () => {
    const answer = await api.call('GET', 'settings');
    expect(answer.headers['etag']).toMatch(/^"[\w-]{22}"$/);
    expect(await settingOf(api, 'GATEHOUSE_TERMS_URL')).toEqual({
      name: 'GATEHOUSE_TERMS_URL',
      member: 'terms_url',
      value: 'https://terms.example/',
      secret: false,
      set: true,
      source: 'environment',
      variable: 'GATEHOUSE_TERMS_URL',
      stored: null,
    });
    expect(await settingOf(api, 'GATEHOUSE_INITIAL_ACCESS_TOKEN')).toMatchObject({
      member: null,
      value: null,
      secret: true,
      set: true,
    });
    expect(await settingOf(api, 'GATEHOUSE_SIGN_UP')).toMatchObject({ value: 'off', source: 'default' });
    expect(answer.text).not.toContain('thirty-two');
  });

  it('take effect at once, and return to the default with null', async () => {
    const visitor = new Browser();
    expect((await visitor.open(`${provider.base}/sign-up`)).status).toBe(403);
    const answer = await change({ sign_up: 'open', product_name: 'Häuser & Söhne', accent: '#7A1F5C' });
    expect(shaped(answer, 'Settings')['settings']).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ member: 'sign_up', value: 'open', source: 'database', stored: 'open' }),
      ]),
    );
    const page = await visitor.open(`${provider.base}/sign-up`);
    expect(page.status).toBe(200);
    expect(page.text).toContain('Häuser &amp; Söhne</title>');
    const login = await send(`${provider.base}/login`);
    const sheet = /href="(\/assets\/brand[^"]+\.css)"/.exec(login.text)?.[1] ?? '';
    expect((await send(provider.base + sheet)).text).toContain('--brand: #7a1f5c;');
    await change({ sign_up: null, product_name: null, accent: null });
    expect((await visitor.open(`${provider.base}/sign-up`)).status).toBe(403);
    expect((await send(`${provider.base}/login`)).text).not.toMatch(/Häuser|brand-tokens/);
    expect(await settingOf(api, 'GATEHOUSE_SIGN_UP')).toMatchObject({ value: 'off', source: 'default', stored: null });
  });

  it('change the background of the sign-in pages', async () => {
    const bodyOf = async (): Promise<string | undefined> =>
      /<body[^>]*>/.exec((await send(`${provider.base}/login`)).text)?.[0];
    expect(await bodyOf()).toBe('<body class="gate">');
    expect((await change({ background: 'plain' })).status).toBe(200);
    expect(await bodyOf()).toBe('<body class="gate gate-plain">');
    expect((await change({ background: 'sunset' })).status).toBe(400);
    await change({ background: null });
    expect(await bodyOf()).toBe('<body class="gate">');
  });

  it('link the sign-in pages to help, terms and privacy policy', async () => {
    await change({ support_contact: 'mailto:help@people.test', privacy_url: 'https://privacy.example/?a=1&b=2' });
    const foot = async (language: string): Promise<string> => {
      const { text } = await send(`${provider.base}/login`, { headers: { 'Accept-Language': language } });
      return /<footer class="gate-foot">.*<\/footer>/s.exec(text)?.[0] ?? '';
    };
    const english = await foot('en');
    expect(english).toContain('<a href="mailto:help@people.test" rel="noreferrer">Help</a>');
    expect(english).toContain('<a href="https://privacy.example/?a&#x3D;1&amp;b&#x3D;2" rel="noreferrer">Privacy</a>');
    expect(english).toContain('<a href="https://terms.example/" rel="noreferrer">Terms</a>');
    expect(await foot('de')).toContain('rel="noreferrer">Datenschutz</a>');
    await change({ support_contact: null, privacy_url: null });
    expect(await foot('en')).not.toMatch(/Help|Privacy/);
  });

  it('record who changed what, without the image of a logo', async () => {
    await change({ session_idle_lifetime: 3600, logo: dataUrl(svg) });
    const { items } = pageOf(await api.call('GET', 'audit-events?type=settings.updated&limit=1'), 'AuditEvent');
    expect(items[0]).toMatchObject({
      details: { via_client: api.registered.client.id },
      changes: { session_idle_lifetime: { before: null, after: '3600' }, logo: 'changed' },
    });
    await change({ session_idle_lifetime: 3600 });
    const again = pageOf(await api.call('GET', 'audit-events?type=settings.updated&limit=1'), 'AuditEvent');
    expect(again.items[0]?.['id']).toBe(items[0]?.['id']);
    await change({ session_idle_lifetime: null, logo: null });
  });

  it('show an uploaded logo at an address that browsers may keep, sandboxed', async () => {
    await change({ logo: dataUrl(svg) });
    expect(await settingOf(api, 'GATEHOUSE_LOGO')).toMatchObject({
      value: `image/svg+xml, ${svg.length} bytes`,
      source: 'database',
    });
    const address =
      /<img [^>]*src="(\/assets\/brand[^"]+)"/.exec((await send(`${provider.base}/login`)).text)?.[1] ?? '';
    const shown = await send(provider.base + address);
    expect([shown.status, shown.text, shown.headers['content-type']]).toEqual([200, svg, 'image/svg+xml']);
    expect(shown.headers['cache-control']).toContain('immutable');
    expect(shown.headers['content-security-policy']).toContain('sandbox');
    await change({ logo: null });
    expect((await send(`${provider.base}/login`)).text).toContain('src="/assets/logo.');
  });

  it.each<[string, string, RegExp]>([
    ['no image', dataUrl('hello'), /not an image.*Use a PNG, JPEG, WebP or SVG/],
    [
      'an SVG with a script',
      dataUrl(svg.replace('<rect', '<script>1</script><rect')),
      /contains a script.*Remove that/,
    ],
    ['201 kB', dataUrl(Buffer.alloc(201_000)), /too large. Use an image of at most 200 kB/],
    ['an address', 'https://other.example/logo.png', /not an image/],
  ])('reject a logo that is %s, and say what to change', async (_name, logo, detail) => {
    const answer = await change({ logo });
    expect(answer.status).toBe(400);
    expect(problemsOf(answer).errors).toEqual([{ pointer: '/logo', detail: expect.stringMatching(detail) as string }]);
  });

  it('reject a body of 50 MB without reading it', async () => {
    const answer = await send(`${provider.base}/api/admin/v1/settings`, {
      method: 'PATCH',
      headers: {
        Authorization: `Bearer ${api.token}`,
        'Content-Type': 'application/json',
        'Content-Length': String(50 * 1024 * 1024),
      },
      body: '{"logo":"',
    });
    expect(answer.status).toBe(413);
  });

  it.each<[string, object, RegExp]>([
    ['/session_lifetime', { session_lifetime: 86_401 }, /^GATEHOUSE_SESSION_LIFETIME is set to 86400/],
    ['/session_lifetime', { session_lifetime: 60 }, /from 300 to/],
    ['/terms_url', { terms_url: 'https://other.example/' }, /^GATEHOUSE_TERMS_URL is set in the environment/],
    ['/second_factor_roles', { second_factor_roles: ['admin'] }, /GATEHOUSE_SECOND_FACTOR_ROLES.*auditor/],
    ['/accent', { accent: '#ffff00' }, /dark enough/],
    ['/issuer', { issuer: 'https://evil.example' }, /no such member/],
    ['/pkce', { pkce: null }, /There is no such member/],
    ['/session_lifetime', { session_lifetime: '1h' }, /expected number/],
  ])('cannot weaken the environment, or leave their bounds (%s)', async (pointer, body, detail) => {
    const answer = await change(body);
    expect(answer.status).toBe(400);
    expect(problemsOf(answer).errors?.[0]).toEqual({ pointer, detail: expect.stringMatching(detail) as string });
  });

  it('change all or none', async () => {
    expect((await change({ sign_up: 'open', accent: 'red' })).status).toBe(400);
    expect(await settingOf(api, 'GATEHOUSE_SIGN_UP')).toMatchObject({ value: 'off' });
  });

  it('are not changed on the basis of an earlier state', async () => {
    const before = await api.call('GET', 'settings');
    const etag = String(before.headers['etag']);
    expect((await change({ sign_up: 'invitation' }, { 'If-Match': etag })).status).toBe(200);
    expect((await change({ sign_up: 'open' }, { 'If-Match': etag })).status).toBe(412);
    expect(await settingOf(api, 'GATEHOUSE_SIGN_UP')).toMatchObject({ value: 'invitation' });
    await change({ sign_up: null });
  });

  it('add roles that require a second factor to those of the environment, which stay', async () => {
    const answer = await change({ second_factor_roles: ['auditor', 'developer'] });
    expect(answer.status).toBe(200);
    expect(await settingOf(api, 'GATEHOUSE_SECOND_FACTOR_ROLES')).toMatchObject({
      value: 'auditor,developer',
      source: 'database',
      stored: 'developer',
    });
    const roles = pageOf(await api.call('GET', 'roles'), 'Role').items.filter((each) => each['second_factor']);
    expect(roles.map(({ role }) => role)).toEqual(['auditor', 'developer']);
    const fixed = await api.call('PUT', 'roles/auditor', { second_factor: false });
    expect([fixed.status, problemsOf(fixed).detail]).toEqual([
      409,
      expect.stringContaining('GATEHOUSE_SECOND_FACTOR_ROLES'),
    ]);
    expect((await change({ second_factor_roles: null })).status).toBe(200);
    expect(await settingOf(api, 'GATEHOUSE_SECOND_FACTOR_ROLES')).toMatchObject({
      value: 'auditor',
      source: 'environment',
    });
  });

  it('limit new sessions, and end the idle ones', async () => {
    const person = await provider.logIn(await provider.addUser());
    await change({ session_idle_lifetime: 600 });
    provider.clock.advance(601);
    await person.open(`${provider.base}/account`);
    expect(person.address).toContain('/login');
    await change({ session_idle_lifetime: null });
    await person.open(`${provider.base}/account`);
    expect(person.address).toContain('/login');
    api = { ...api, ...callerOf(provider, (await adminApi(provider)).token) };
  });

  it('are changed by administrators after a recent sign-in, and read by auditors', async () => {
    const admin = await apiOf(provider, ['admin']);
    expect((await admin.call('PATCH', 'settings', { sign_up: 'open' })).status).toBe(200);
    expect((await admin.call('PATCH', 'settings', { sign_up: null })).status).toBe(200);
    provider.clock.advance(601);
    const stale = await admin.call('PATCH', 'settings', { sign_up: 'open' });
    expect([stale.status, stale.headers['www-authenticate']]).toEqual([
      401,
      expect.stringContaining('insufficient_user_authentication'),
    ]);
    expect((await admin.call('GET', 'settings')).status).toBe(200);
    const developer = await apiOf(provider, ['developer']);
    expect((await developer.call('GET', 'settings')).status).toBe(403);
  });
});

describe('an auditor', () => {
  it('reads the settings and cannot change them', async () => {
    const provider = await startProvider();
    try {
      const auditor = await apiOf(provider, ['auditor'], 'gatehouse:read');
      shaped(await auditor.call('GET', 'settings'), 'Settings');
      expect((await auditor.call('PATCH', 'settings', { sign_up: 'open' })).status).toBe(403);
    } finally {
      await provider.close();
    }
  });
});

describe('a test message', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_SMTP_URL: await smtp.start() } });
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  const sendTo = (api: Pick<AdminApiClient, 'call'>, body: object = {}): Promise<Answer> =>
    api.call('POST', 'settings/test-message', body);

  it('goes to the own address of the administrator who asks, and the answer says what the mail server said', async () => {
    const admin = await apiOf(provider, ['admin']);
    const accepted = shaped(await sendTo(admin), 'TestMessageResult');
    expect(accepted).toEqual({
      delivered: true,
      recipient: 'admin@people.test',
      detail: 'The mail server accepted the message to admin@people.test. Look at the inbox, and at the spam folder.',
    });
    expect(smtp.received.map(({ to }) => to)).toEqual([['admin@people.test']]);
    expect(smtp.received[0]?.message).toContain('Subject: Test message');
    smtp.refusals.push('550 5.7.1 sender rejected: secret detail');
    const rejected = shaped(await sendTo(admin), 'TestMessageResult');
    expect(rejected).toMatchObject({
      delivered: false,
      detail: expect.stringMatching(/rejected the message with the code 550\. Check .*GATEHOUSE_MAIL_FROM/) as string,
    });
    expect(JSON.stringify(rejected)).not.toContain('secret detail');
    const { items } = pageOf(
      await (await adminApi(provider)).call('GET', 'audit-events?type=mail.tested'),
      'AuditEvent',
    );
    expect(items.map(({ subject_id, details }) => [subject_id, details])).toEqual([
      [admin.user.id, expect.objectContaining({ delivered: false })],
      [admin.user.id, expect.objectContaining({ delivered: true })],
    ]);
    for (let sent = 2; sent < 5; sent++) expect((await sendTo(admin)).status).toBe(200);
    const sentBefore = smtp.offered.length;
    const limited = await sendTo(admin);
    expect([limited.status, problemsOf(limited).detail]).toEqual([429, expect.stringContaining('in ten minutes')]);
    expect(smtp.offered).toHaveLength(sentBefore);
  });

  it('goes to no other address', async () => {
    const account = await adminApi(provider);
    const user = await provider.addUser({ email: 'user@people.test', emailVerified: true });
    const unconfirmed = await provider.addUser({ roles: ['admin'], email: 'unconfirmed@people.test' });
    const named = await provider.addUser({ roles: ['admin'], email: 'named@people.test', emailVerified: true });
    for (const body of [{}, { user_id: user.id }, { user_id: 'nobody' }])
      expect([body, (await sendTo(account, body)).status]).toEqual([body, 400]);
    const conflict = await sendTo(account, { user_id: unconfirmed.id });
    expect([conflict.status, problemsOf(conflict).detail]).toEqual([409, expect.stringContaining('no confirmed')]);
    expect(shaped(await sendTo(account, { user_id: named.id }), 'TestMessageResult')['recipient']).toBe(
      'named@people.test',
    );
    // A person's message goes to their own address, regardless of the user in the request.
    const admin = await apiOf(provider, ['admin', 'developer']);
    expect(shaped(await sendTo(admin, { user_id: named.id }), 'TestMessageResult')['recipient']).toBe(
      'admin-developer@people.test',
    );
  });

  it('names the setting to check where there is no mail server, or none answers', async () => {
    const without = await startProvider();
    try {
      const admin = await apiOf(without, ['admin']);
      expect(shaped(await sendTo(admin), 'TestMessageResult')).toMatchObject({
        delivered: false,
        detail: expect.stringContaining('Set GATEHOUSE_SMTP_URL') as string,
      });
    } finally {
      await without.close();
    }
    const unreachable = await startProvider({ env: { GATEHOUSE_SMTP_URL: 'smtp://127.0.0.1:9' } });
    try {
      const admin = await apiOf(unreachable, ['admin']);
      expect(shaped(await sendTo(admin), 'TestMessageResult')).toMatchObject({
        delivered: false,
        detail: expect.stringMatching(
          /could not be sent \(\w+\)\. Check the host and the port in GATEHOUSE_SMTP_URL/,
        ) as string,
      });
    } finally {
      await unreachable.close();
    }
  });
});
