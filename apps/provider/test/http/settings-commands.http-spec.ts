import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { send } from '../support/browser';
import { eventually } from '../support/eventually';
import { buildProvider, runCommand, type Finished } from '../support/processes';
import { startProvider, type TestProvider } from '../support/provider';
import { SmtpServer } from '../support/smtp-server';

jest.setTimeout(120_000);

const svg = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>';

describe('settings by the command line, while the provider runs', () => {
  const smtp = new SmtpServer();
  let provider: TestProvider;
  let env: Record<string, string>;
  let folder: string;
  beforeAll(async () => {
    await buildProvider();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-settings-'));
    const shared = { GATEHOUSE_SMTP_URL: await smtp.start(), GATEHOUSE_SESSION_LIFETIME: '3600' };
    provider = await startProvider({ env: shared });
    env = {
      ...shared,
      GATEHOUSE_DATABASE_URL: provider.databaseUrl,
      GATEHOUSE_SECRET_KEY: provider.secretKey,
      GATEHOUSE_ISSUER: provider.issuer,
    };
  });
  afterAll(async () => {
    await provider.close();
    await smtp.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const settings = (...words: string[]): Promise<Finished> => runCommand(['settings', ...words], env);
  const signUpStatus = async (): Promise<number> => (await send(`${provider.base}/sign-up`)).status;

  it('are set and unset, by either name, and the running provider follows', async () => {
    expect(await signUpStatus()).toBe(403);
    expect((await settings('set', 'GATEHOUSE_SIGN_UP', 'open')).stdout).toBe('GATEHOUSE_SIGN_UP is open (database)\n');
    expect(await eventually(signUpStatus, (status) => status === 200)).toBe(200);
    expect((await settings('list')).stdout).toMatch(/^GATEHOUSE_SIGN_UP +open +database$/m);
    const unset = (await settings('unset', 'sign_up', '--json')).json();
    expect(unset).toMatchObject({ name: 'GATEHOUSE_SIGN_UP', value: 'off', source: 'default', stored: null });
    expect(await eventually(signUpStatus, (status) => status === 403)).toBe(403);
  });

  it('take the logo from a file', async () => {
    const path = join(folder, 'logo.svg');
    writeFileSync(path, svg);
    expect((await settings('set', 'logo', path)).stdout).toContain(`image/svg+xml, ${svg.length} bytes (database)`);
    const logoOf = async (): Promise<string> =>
      /<img [^>]*src="([^"]+)"/.exec((await send(`${provider.base}/login`)).text)?.[1] ?? '';
    expect(await eventually(logoOf, (address) => address.includes('brand'))).toMatch(/^\/assets\/brand\.\w{12}\.svg$/);
    writeFileSync(path, Buffer.alloc(50_000_000));
    const large = await settings('set', 'logo', path);
    expect([large.code, large.stderr]).toEqual([1, expect.stringContaining('50000000 bytes; use an image of at most')]);
    const absent = await settings('set', 'logo', join(folder, 'none.png'));
    expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining('cannot be read (ENOENT)')]);
    await settings('unset', 'logo');
  });

  it.each([
    [['set', 'GATEHOUSE_ISSUER', 'https://other.example'], 1, /can only be set in the environment.*sign_up/],
    [['set', 'session_lifetime', '7200'], 1, /GATEHOUSE_SESSION_LIFETIME is set to 3600/],
    [['set', 'sign_up', 'ajar'], 1, /sign_up: Use off, invitation or open/],
    [['set', 'sign_up'], 2, /missing required argument 'value'/],
    [['unset', 'sign_up', 'product_name'], 2, /a value without an option/],
    [['test-message', '--username', 'nobody'], 3, /there is no user "nobody"/],
  ])('reject %j', async (words, code, message) => {
    const outcome = await settings(...words);
    expect([outcome.code, outcome.stderr]).toEqual([code, expect.stringMatching(message)]);
  });

  it('send a test message to an administrator, and exit with 1 where it is rejected', async () => {
    await provider.addUser({ username: 'root', roles: ['admin'], email: 'root@people.test', emailVerified: true });
    const sent = await settings('test-message', '--username', 'root');
    expect([sent.code, sent.stdout]).toEqual([0, expect.stringContaining('accepted the message to root@people.test')]);
    expect(smtp.received.at(-1)?.to).toEqual(['root@people.test']);
    smtp.refusals.push('554 no');
    const rejected = await settings('test-message', '--username', 'root', '--json');
    expect([rejected.code, JSON.parse(rejected.stdout)]).toEqual([1, expect.objectContaining({ delivered: false })]);
  });
});
