import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { buildProvider, runCommand } from '../support/processes';

jest.setTimeout(120_000);

describe('settings list', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-settings-'));
  const passwordFile = join(folder, 'admin-password');
  const secretKey = Buffer.alloc(32, 7).toString('base64url');
  let env: Record<string, string>;
  beforeAll(async () => {
    await buildProvider();
    writeFileSync(passwordFile, 'hunter2-in-a-file\n');
    env = {
      GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'provider.sqlite')}`,
      GATEHOUSE_ISSUER: 'http://localhost:5001',
      GATEHOUSE_SECRET_KEY: secretKey,
      GATEHOUSE_SMTP_URL: `smtp://mailer:hunter3@127.0.0.1:${await freePort()}`,
      GATEHOUSE_INITIAL_ACCESS_TOKEN: 'hunter4'.repeat(5),
      GATEHOUSE_ADMIN_PASSWORD_FILE: passwordFile,
    };
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('prints the effective value of each setting and where it comes from', async () => {
    const list = await runCommand(['settings', 'list', '--json'], env);
    expect(list).toMatchObject({ code: 0, stderr: '' });
    const { settings } = list.json<{ settings: readonly { name: string }[] }>();
    const find = (name: string): object | undefined => settings.find((each) => each.name === name);
    expect(find('GATEHOUSE_ISSUER')).toEqual({
      name: 'GATEHOUSE_ISSUER',
      member: null,
      value: 'http://localhost:5001',
      secret: false,
      set: true,
      source: 'environment',
      variable: 'GATEHOUSE_ISSUER',
      stored: null,
    });
    expect(find('GATEHOUSE_PORT')).toMatchObject({ value: '5001', source: 'default', variable: null });
    expect(find('GATEHOUSE_SECRET_KEY')).toMatchObject({ value: null, secret: true, set: true, source: 'environment' });
    expect(find('GATEHOUSE_ADMIN_PASSWORD')).toMatchObject({
      value: null,
      set: true,
      source: 'file',
      variable: 'GATEHOUSE_ADMIN_PASSWORD_FILE',
    });
  });

  it('prints a table without --json', async () => {
    const { stdout } = await runCommand(['settings', 'list'], env);
    expect(stdout).toMatch(/^SETTING +VALUE +SOURCE\n/);
    expect(stdout).toMatch(/^GATEHOUSE_ISSUER +http:\/\/localhost:5001 +environment$/m);
    expect(stdout).toMatch(/^GATEHOUSE_ADMIN_PASSWORD +\(secret\) +file \(GATEHOUSE_ADMIN_PASSWORD_FILE\)$/m);
  });

  it('creates no database', () => {
    expect(existsSync(join(folder, 'provider.sqlite'))).toBe(false);
  });

  it('prints what the environment sets where the database cannot be opened', async () => {
    const list = await runCommand(['settings', 'list'], {
      ...env,
      GATEHOUSE_DATABASE_URL: `postgres://nobody:hunter5@127.0.0.1:${await freePort()}/none`,
    });
    expect(list.code).toBe(0);
    expect(list.stdout).toMatch(/^GATEHOUSE_ISSUER +http:\/\/localhost:5001 +environment$/m);
    expect(list.stderr).toMatch(/^without the settings that are stored in the database, which cannot be opened: /);
    expect(list.stderr).not.toContain('hunter5');
  });

  it('prints no secrets, and neither does doctor', async () => {
    const runs = await Promise.all([
      runCommand(['settings', 'list', '--json'], env),
      runCommand(['settings', 'list'], env),
    ]);
    // It reports the mail server, so it has read the URL that contains a password.
    const doctor = await runCommand(['doctor', '--json'], env);
    expect(doctor.stdout).toContain('"check":"mail","state":"error"');
    for (const { stdout, stderr } of [...runs, doctor]) {
      const output = stdout + stderr;
      expect(output).not.toContain(secretKey);
      expect(output).not.toMatch(/hunter/);
    }
  });
});
