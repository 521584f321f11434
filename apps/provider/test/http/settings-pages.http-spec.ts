import { Browser, send, type Answer } from '../support/browser';
import { changed, fieldsOf, sendFields, type Fields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { SmtpServer } from '../support/smtp-server';

const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>';

describe('the pages of settings', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  let admin: Browser;
  beforeAll(async () => {
    provider = await startProvider({
      env: {
        GATEHOUSE_SMTP_URL: await smtp.start(),
        GATEHOUSE_TERMS_URL: 'https://terms.example/',
        GATEHOUSE_SESSION_LIFETIME: '86400',
      },
    });
  });
  beforeEach(async () => {
    admin = await provider.logIn(
      await provider.addUser({ roles: ['admin'], email: `admin-${Math.random()}@people.test`, emailVerified: true }),
    );
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
  });

  const at = (path: string): string => `${provider.issuer}${path}`;
  async function save(page: string, values: Readonly<Record<string, string>>, path = page): Promise<Answer> {
    await admin.open(at(page));
    return sendFields(admin, changed(fieldsOf(admin, path), values), path);
  }
  async function upload(content: string | Buffer, more: Readonly<Record<string, string>> = {}): Promise<Answer> {
    await admin.open(at('/settings/branding'));
    const fields: Fields = fieldsOf(admin, '/settings/branding/logo').filter(([name]) => name === 'csrf');
    const form = new FormData();
    for (const [name, value] of [...fields, ...Object.entries({ action: 'save', ...more })]) form.append(name, value);
    form.append('logo', new Blob([new Uint8Array(Buffer.from(content))], { type: 'image/png' }), 'logo.png');
    const encoded = new Response(form);
    return admin.send(at('/settings/branding/logo'), {
      method: 'POST',
      body: Buffer.from(await encoded.arrayBuffer()).toString('latin1'),
      headers: { 'Content-Type': encoded.headers.get('content-type') ?? '', Origin: provider.issuer },
    });
  }

  it('change the branding, and mark what the environment sets', async () => {
    const page = await admin.open(at('/settings/branding'));
    expect(page.text).toMatch(/name="terms_url" value="https:\/\/terms\.example\/"[^>]* disabled/);
    expect(page.text).toContain('Set by GATEHOUSE_TERMS_URL');
    expect((await save('/settings/branding', { product_name: 'Birchwood', accent: '#7a1f5c' })).status).toBe(303);
    expect((await send(at('/login'))).text).toContain('· Birchwood</title>');
    const saved = await admin.open(at('/settings/branding?done=saved'));
    expect(saved.text).toContain('The changes were saved');
    expect(saved.text).toContain('value="#7a1f5c"');
    const wrong = await save('/settings/branding', { product_name: 'Otter', accent: 'red' });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('It must be dark enough');
    // What was entered is kept.
    expect(wrong.text).toContain('value="Otter"');
    expect((await save('/settings/branding', { action: 'reset' })).status).toBe(303);
    expect((await send(at('/login'))).text).toContain('· Gatehouse</title>');
  });

  it('read an upload from administrators only', async () => {
    const upload = {
      method: 'POST',
      headers: { 'Content-Type': 'multipart/form-data; boundary=x', Origin: provider.issuer },
      body: 'malformed',
    };
    const stranger = await new Browser().send(at('/settings/branding/logo'), upload);
    expect([stranger.status, stranger.location]).toEqual([303, expect.stringContaining('/login')]);
    const user = await provider.logIn(await provider.addUser());
    expect((await user.send(at('/settings/branding/logo'), upload)).status).toBe(403);
    expect((await admin.send(at('/settings/branding/logo'), upload)).status).toBe(415);
  });

  it('upload a logo and remove it', async () => {
    expect((await upload(svg)).location).toBe(at('/settings/branding?done=saved'));
    expect((await send(at('/login'))).text).toMatch(/src="\/assets\/brand\.\w{12}\.svg"/);
    expect((await upload('', { action: 'remove' })).status).toBe(303);
    expect((await send(at('/login'))).text).toContain('src="/assets/logo.');
  });

  it.each([
    ['no image', 'hello', 422, 'This is not an image'],
    ['an SVG with a script', svg.replace('<rect', '<script>1</script><rect'), 422, 'contains a script'],
    ['no file', '', 422, 'Choose an image.'],
    ['more than 200 kB', Buffer.alloc(201_000), 422, 'at most 200 kB'],
    ['more than the form', Buffer.alloc(400_000), 413, 'at most 200 kB'],
  ])('say what is wrong with a logo that is %s', async (_name, content, status, message) => {
    const answer = await upload(content);
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(message)]);
  });

  it('change who may sign up, and offer no lifetime beyond that of the environment', async () => {
    const page = await admin.open(at('/settings/sign-in'));
    const select = /<select[^>]*name="session_lifetime"[\s\S]*?<\/select>/.exec(page.text)?.[0] ?? '';
    expect([...select.matchAll(/value="(\d+)"/g)].map(([, seconds]) => Number(seconds))).toEqual([3600, 28800, 86400]);
    expect(page.text).toContain('GATEHOUSE_SESSION_LIFETIME limits this');
    expect((await save('/settings/sign-in', { sign_up: 'open' })).status).toBe(303);
    expect((await send(at('/sign-up'))).status).toBe(200);
    const beyond = await save('/settings/sign-in', { session_lifetime: '90000' });
    expect([beyond.status, beyond.text]).toEqual([422, expect.stringContaining('is set to 86400')]);
    expect((await save('/settings/sign-in', { sign_up: 'off' })).status).toBe(303);
  });

  it('reject a form that is based on an earlier state', async () => {
    await admin.open(at('/settings/sign-in'));
    const fields = changed(fieldsOf(admin, '/settings/sign-in'), { sign_up: 'open' });
    expect((await save('/settings/branding', { product_name: 'Birchwood' })).status).toBe(303);
    const answer = await sendFields(admin, fields, '/settings/sign-in');
    expect([answer.status, answer.text]).toEqual([409, expect.stringContaining('changed this meanwhile')]);
    await save('/settings/branding', { action: 'reset' });
  });

  it('need a recent sign-in: a form is kept until after it, an image is chosen again', async () => {
    await admin.open(at('/settings/branding'));
    const fields = changed(fieldsOf(admin, '/settings/branding'), { product_name: 'Kept' });
    provider.clock.advance(601);
    expect((await sendFields(admin, fields, '/settings/branding')).location).toContain('prompt=login');
    expect((await upload(svg)).location).toContain('next=%2Fsettings%2Fbranding');
    expect((await send(at('/login'))).text).toContain('· Gatehouse</title>');
  });

  it('are read by auditors, and by nobody else', async () => {
    const auditor = await provider.logIn(await provider.addUser({ roles: ['auditor'] }));
    const developer = await provider.logIn(await provider.addUser({ roles: ['developer'] }));
    for (const path of ['/settings/branding', '/settings/sign-in']) {
      const page = await auditor.open(at(path));
      expect([path, page.status]).toEqual([path, 200]);
      expect(page.text).not.toMatch(/<button class="btn btn-primary" type="submit"(?![^>]* disabled)/);
      expect([path, (await developer.open(at(path))).status]).toEqual([path, 403]);
    }
  });

  it('list the database as a source, and send a test message', async () => {
    await save('/settings/sign-in', { sign_up: 'invitation' });
    expect((await admin.open(at('/admin/system?q=sign_up'))).text).toContain('Console, API or command line');
    await save('/settings/sign-in', { sign_up: 'off' });
    const sent = await save('/message', { action: 'test' });
    expect(sent.text).toContain('The mail server accepted the message');
    smtp.refusals.push('554 no');
    expect((await save('/message', { action: 'test' })).text).toContain('rejected the message with the code 554');
  });
});
