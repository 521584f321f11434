import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { statement } from '@gatehouse/platform/database/store';
import { AuditChain } from '../../src/audit/audit-chain.service';
import { ClientsService } from '../../src/clients/clients.service';
import { freePort } from '../../../../scripts/lib/free-port.cjs';
import { startProvider, type TestProvider } from '../support/provider';
import { eventually } from '../support/eventually';
import { buildProvider, runCommand, spawnCommand } from '../support/processes';
import { register } from '../support/registration';

jest.setTimeout(240_000);

describe('commands on clients, while the provider runs', () => {
  let provider: TestProvider;
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    await buildProvider();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-clients-'));
    const url = `sqlite:${join(folder, 'provider.sqlite')}`;
    provider = await startProvider({ databaseUrl: url });
    // Commands go by the clock on the wall.
    provider.clock.advance(Math.floor(Date.now() / 1000) - provider.clock.now());
    env = {
      GATEHOUSE_DATABASE_URL: url,
      GATEHOUSE_SECRET_KEY: provider.secretKey,
      GATEHOUSE_ISSUER: provider.issuer,
    };
  });
  afterAll(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const gatehouse = (words: readonly string[]) => runCommand([...words, '--json'], env);
  const file = (name: string, content: object): string => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it('registration-token add gives a token that registers as often as it says, list counts, remove ends it', async () => {
    const made = (await gatehouse(['registration-token', 'add', '--name', 'For the shop', '--uses', '2'])).json<{
      id: string;
      initial_access_token: string;
    }>();
    const ask = () =>
      register(
        provider,
        { redirect_uris: ['https://shop.test/cb'] },
        { headers: { Authorization: `Bearer ${made.initial_access_token}` } },
      );
    // What is rejected for what it says costs no use.
    const wrong = await register(
      provider,
      { redirect_uris: ['x'] },
      { headers: { Authorization: `Bearer ${made.initial_access_token}` } },
    );
    expect(wrong.status).toBe(400);
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([201, 201, 401]);
    expect((await gatehouse(['registration-token', 'list'])).json()).toMatchObject({
      tokens: [{ id: made.id, name: 'For the shop', uses: 2, max_uses: 2, approves: false, expires_at: null }],
    });
    const approving = (await gatehouse(['registration-token', 'add', '--approve', '--lifetime', '60'])).json<{
      id: string;
      initial_access_token: string;
    }>();
    expect(approving).toMatchObject({ approves: true });
    const approved = await register(
      provider,
      { redirect_uris: ['https://shop.test/cb'] },
      { headers: { Authorization: `Bearer ${approving.initial_access_token}` } },
    );
    const { client_id: approvedId } = approved.json<{ client_id: string }>();
    expect((await gatehouse(['client', 'show', '--id', approvedId])).json()).toMatchObject({
      source: 'registration',
      approved: true,
      approved_at: provider.clock.now(),
      registered_with: approving.id,
      goes_at: null,
    });
    const brief = (await gatehouse(['registration-token', 'add', '--lifetime', '60'])).json<{
      id: string;
      initial_access_token: string;
    }>();
    provider.clock.advance(120);
    const late = await register(
      provider,
      { redirect_uris: ['https://shop.test/cb'] },
      { headers: { Authorization: `Bearer ${brief.initial_access_token}` } },
    );
    expect(late.status).toBe(401);
    expect((await gatehouse(['registration-token', 'remove', '--id', brief.id])).code).toBe(0);
    expect((await gatehouse(['registration-token', 'remove', '--id', brief.id])).code).toBe(3);
    expect((await gatehouse(['registration-token', 'add', '--uses', '0'])).code).toBe(2);
  });

  it('client add and client update set any metadata, by option and by file', async () => {
    const made = (
      await gatehouse([
        ...[
          'client',
          'add',
          '--metadata-file',
          file('all.json', { client_name: 'By file', tos_uri: 'https://a.test/tos' }),
        ],
        ...[
          '--redirect-uri',
          'https://a.test/cb',
          '--client-uri',
          'https://a.test/',
          '--request-uri',
          'https://a.test/r',
        ],
        ...['--contact', 'a@a.test', '--contact', 'b@a.test', '--default-max-age', '60', '--require-auth-time'],
        ...['--backchannel-logout-uri', 'https://a.test/back', '--subject-type', 'pairwise', '--no-consent'],
        ...['--refresh-token-rotation', 'always'],
      ])
    ).json<{ client_id: string }>();
    expect(made).toMatchObject({
      client_name: 'By file',
      tos_uri: 'https://a.test/tos',
      client_uri: 'https://a.test/',
      request_uris: ['https://a.test/r'],
      contacts: ['a@a.test', 'b@a.test'],
      default_max_age: 60,
      require_auth_time: true,
      subject_type: 'pairwise',
      refresh_token_rotation: 'always',
      source: 'admin',
      approved: true,
    });
    const changes = file('change.json', {
      tos_uri: null,
      client_name: 'Renamed',
      grant_types: ['authorization_code', 'implicit'],
    });
    const changed = await gatehouse([
      'client',
      'update',
      '--id',
      made.client_id,
      '--metadata-file',
      changes,
      '--response-type',
      'code',
      '--response-type',
      'code id_token',
    ]);
    expect(changed.json()).toMatchObject({
      client_name: 'Renamed',
      client_uri: 'https://a.test/',
      redirect_uris: ['https://a.test/cb'],
      response_types: ['code', 'code id_token'],
      require_consent: false,
      default_max_age: 60,
    });
    expect(changed.json()).not.toHaveProperty('tos_uri');
    const refused = await gatehouse(['client', 'update', '--id', made.client_id, '--logo-uri', 'javascript:alert(1)']);
    expect([refused.code, JSON.parse(refused.stderr)]).toEqual([
      1,
      { error: 'failed', message: expect.stringContaining('logoUri') as unknown },
    ]);
    expect((await gatehouse(['client', 'update', '--id', 'nobody', '--name', 'x'])).code).toBe(3);
    expect((await gatehouse(['client', 'update', '--id', made.client_id, '--default-max-age', 'soon'])).code).toBe(2);
  });

  it('client update sets what client add sets beside the metadata, and keeps what it does not name', async () => {
    const ada = await provider.addUser({ username: 'ada-of-commands' });
    const { client_id: id } = (
      await gatehouse(['client', 'add', '--name', 'Changing', '--redirect-uri', 'https://a.test/cb'])
    ).json<{ client_id: string }>();
    const update = async (...options: string[]) => gatehouse(['client', 'update', '--id', id, ...options]);
    const usual = { require_pkce: true, require_consent: true, require_second_factor: false, owner_id: null };
    const other = { require_pkce: false, require_consent: false, require_second_factor: true, owner_id: ada.id };
    const switched = await update(
      ...['--no-pkce', '--no-consent', '--second-factor', '--owner', 'ada-of-commands'],
      ...['--default-scope', 'openid', '--default-scope', 'email'],
    );
    expect([switched.code, switched.json()]).toMatchObject([0, { ...other, default_scope: 'openid email' }]);
    expect((await update('--name', 'Renamed')).json()).toMatchObject({
      ...other,
      client_name: 'Renamed',
      default_scope: 'openid email',
    });
    const back = ['--pkce', '--consent', '--no-second-factor', '--owner', '', '--default-scope', ''];
    expect((await update(...back)).json()).toMatchObject({ ...usual, default_scope: '' });
    for (const both of [
      ['--pkce', '--no-pkce'],
      ['--consent', '--no-consent'],
      ['--second-factor', '--no-second-factor'],
    ])
      expect([both, (await update(...both)).code]).toEqual([both, 2]);
    expect((await update('--owner', 'nobody-of-this-name')).code).toBe(3);
    expect((await update('--default-scope', 'roles')).code).toBe(1);
    // RFC 9700 2.1.1
    const refused = await update('--public', '--no-pkce');
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('pkceRequired') as unknown]);
    expect((await gatehouse(['client', 'show', '--id', id])).json()).toMatchObject({ ...usual, default_scope: '' });
  });

  it('client add and update make a service account where the command line says so', async () => {
    const owner = await provider.addUser({ username: 'owner-of-machines', roles: ['developer'] });
    const common = ['--name', 'Machine', '--scope', 'read'];
    const redirect = ['--redirect-uri', 'https://a.test/cb'];
    const credentials = ['--grant-type', 'client_credentials'];
    const owned = ['--owner', owner.username];
    for (const [options, acts] of [
      [redirect, false],
      [[...redirect, ...owned], false],
      [credentials, true],
      [[...credentials, ...owned], false],
      [['--service-account', ...owned], true],
    ] as const) {
      const made = (await gatehouse(['client', 'add', ...common, ...options])).json<Record<string, unknown>>();
      expect([options, made['service_account']]).toEqual([options, acts]);
    }
    const { client_id: id } = (await gatehouse(['client', 'add', ...common, '--service-account'])).json<{
      client_id: string;
    }>();
    const update = async (...options: string[]) =>
      (await gatehouse(['client', 'update', '--id', id, ...options])).json<Record<string, unknown>>();
    expect(await update('--name', 'Kept')).toMatchObject({
      service_account: true,
      grant_types: ['client_credentials'],
    });
    expect(await update('--no-service-account')).toMatchObject({ service_account: false });
    // What was decided is not undone by naming what is there already.
    expect(await update(...credentials)).toMatchObject({ service_account: false });
    expect(await update('--service-account', ...owned)).toMatchObject({ service_account: true, owner_id: owner.id });
    expect(await update('--owner', '')).toMatchObject({ service_account: true, owner_id: null });
    // An owner gets the tokens of a service account: nothing but the command may say so.
    const silent = await gatehouse(['client', 'update', '--id', id, ...owned]);
    expect([silent.code, silent.stderr]).toEqual([1, expect.stringContaining('--no-service-account') as unknown]);
    expect(await update('--no-service-account', ...owned)).toMatchObject({ service_account: false });
  });

  it('client add and update give no owner to a client with a gatehouse scope', async () => {
    const owner = await provider.addUser({ username: 'owner-of-administration', roles: ['developer'] });
    const machine = ['--name', 'Ops', '--grant-type', 'client_credentials'];
    const owned = ['--owner', owner.username, '--service-account'];
    const refused = {
      code: 1,
      stderr: expect.stringContaining('A client with a gatehouse scope has no owner') as unknown,
    };
    const scope = ['--scope', 'gatehouse:admin'];
    expect(await gatehouse(['client', 'add', ...machine, ...scope, ...owned])).toMatchObject(refused);
    const add = async (...options: string[]) =>
      (await gatehouse(['client', 'add', ...machine, ...options])).json<{ client_id: string }>().client_id;
    const update = (id: string, ...options: string[]) => gatehouse(['client', 'update', '--id', id, ...options]);
    expect(await update(await add(...scope), ...owned)).toMatchObject(refused);
    expect(await update(await add('--scope', 'read', ...owned), ...scope)).toMatchObject(refused);
  });

  it('client show, approve, disable, enable', async () => {
    const token = (await gatehouse(['registration-token', 'add'])).json<{ id: string; initial_access_token: string }>();
    const answer = await register(
      provider,
      { redirect_uris: ['https://new.test/cb'], client_name: 'Newcomer' },
      { headers: { Authorization: `Bearer ${token.initial_access_token}` } },
    );
    const { client_id: id } = answer.json<{ client_id: string }>();
    const show = async (): Promise<Record<string, unknown>> => (await gatehouse(['client', 'show', '--id', id])).json();
    expect(await show()).toMatchObject({
      client_name: 'Newcomer',
      source: 'registration',
      approved: false,
      registered_from: '127.0.0.1',
      registered_with: token.id,
      goes_at: expect.any(Number) as unknown,
    });
    expect((await gatehouse(['client', 'list', '--state', 'new'])).stdout).toContain(id);
    expect((await gatehouse(['client', 'approve', '--id', id])).json()).toMatchObject({
      approved: true,
      changed: true,
    });
    expect((await gatehouse(['client', 'approve', '--id', id])).json()).toMatchObject({
      approved: true,
      changed: false,
    });
    const printed = (await runCommand(['client', 'approve', '--id', id], env)).stdout;
    expect(printed).toContain('"Newcomer"');
    expect(printed).toContain('https://new.test/cb');
    expect((await gatehouse(['client', 'list', '--state', 'new'])).stdout).not.toContain(id);
    expect((await gatehouse(['client', 'disable', '--id', id])).json()).toMatchObject({ disabled: true });
    const seen = await eventually(
      () => provider.app.get(ClientsService).find(id),
      (client) => client?.disabledAt !== undefined,
    );
    expect(seen?.disabledAt).toBeDefined();
    expect((await gatehouse(['client', 'enable', '--id', id])).json()).toMatchObject({ disabled: false });
    expect(await show()).toMatchObject({ goes_at: null, disabled: false });
    expect((await gatehouse(['client', 'show', '--id', 'nobody'])).code).toBe(3);
    expect((await gatehouse(['client', 'list', '--state', 'odd'])).code).toBe(2);
  });

  it('client add and client update hold a client to a security profile', async () => {
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const keys = file('profile-jwks.json', { keys: [publicKey.export({ format: 'jwk' })] });
    const words = ['client', 'add', '--name', 'Bank', '--redirect-uri', 'https://bank.test/cb'];
    const profile = ['--security-profile', 'fapi-2-security'];
    const refused = await gatehouse([...words, ...profile]);
    expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining('authMethod')]);
    const made = await gatehouse([...words, ...profile, '--auth-method', 'private_key_jwt', '--jwks-file', keys]);
    expect(made.json()).toMatchObject({ security_profile: 'fapi-2-security', id_token_signed_response_alg: 'ES256' });
    const id = made.json<{ client_id: string }>().client_id;
    const update = ['client', 'update', '--id', id, '--security-profile'];
    expect((await gatehouse([...update, 'none'])).json()).toMatchObject({ security_profile: 'none' });
    expect((await gatehouse([...update, 'fapi-1'])).code).toBe(1);
  });

  it('doctor reports what is ok and what must be fixed', async () => {
    interface Report {
      readonly errors: number;
      readonly findings: readonly { check: string; state: string; message: string }[];
    }
    const well = await gatehouse(['doctor']);
    const state = (report: Report, check: string): string | undefined =>
      report.findings.find((finding) => finding.check === check)?.state;
    expect(well.code).toBe(0);
    expect(well.json<Report>().errors).toBe(0);
    for (const check of ['answer', 'disk', 'audit log', 'secret key', 'database files'])
      expect([check, state(well.json<Report>(), check)]).toEqual([check, 'ok']);
    expect(state(well.json<Report>(), 'issuer')).toBe('warning');
    const ill = await runCommand(['doctor', '--json'], {
      ...env,
      GATEHOUSE_ISSUER: 'https://login.example.invalid',
      GATEHOUSE_SECRET_KEY: Buffer.alloc(32, 7).toString('base64url'),
      GATEHOUSE_SMTP_URL: `smtp://127.0.0.1:${await freePort()}`,
    });
    expect(ill.code).toBe(1);
    for (const check of ['proxy', 'keys', 'mail'])
      expect([check, state(JSON.parse(ill.stdout) as Report, check)]).toEqual([check, 'error']);
    expect((await runCommand(['doctor'], env)).stdout).toMatch(/^CHECK +STATE +WHAT/);
  });

  it('doctor names copies of the database that every user of the computer can read', async () => {
    const copy = join(folder, 'provider.sqlite.before-FirstSchema-20260101T000000000Z-1');
    writeFileSync(copy, '');
    chmodSync(copy, 0o644);
    const { code, stdout } = await gatehouse(['doctor']);
    rmSync(copy);
    expect(code).toBe(1);
    const { findings } = JSON.parse(stdout) as { findings: readonly { check: string; message: string }[] };
    expect(findings.find(({ check }) => check === 'database files')).toMatchObject({
      state: 'error',
      message: expect.stringContaining(copy) as unknown,
    });
  });

  it('audit export writes JSON lines of a time, audit verify says whether they are as they were written', async () => {
    const chain = provider.app.get(AuditChain);
    await chain.seal(Date.now() + 60_000);
    const good = (await gatehouse(['audit', 'verify'])).json<{ events: number; seals: number; head: string }>();
    // One of this test, and those of the provider, which seals every half minute.
    expect(good.seals).toBeGreaterThanOrEqual(1);
    const lines = (await spawnCommand(['audit', 'export'], env)).stdout.trim().split('\n');
    expect(lines.length).toBeGreaterThanOrEqual(good.events);
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      at: expect.stringMatching(/^20\d\d-/) as unknown,
      type: expect.any(String) as unknown,
      details: expect.any(Object) as unknown,
    });
    expect((await runCommand(['audit', 'export', '--until', '2026-01-01'], env)).stdout).toBe('');
    expect((await runCommand(['audit', 'export', '--since', 'yesterday'], env)).code).toBe(2);
    expect((await gatehouse(['audit', 'verify', '--head', good.head])).code).toBe(0);
    expect((await gatehouse(['audit', 'verify', '--head', 'f'.repeat(64)])).code).toBe(1);
    await provider.store.run((unit) =>
      unit.change(statement('test.audit_forge', `UPDATE audit_events SET type = 'logout' WHERE type <> 'logout'`)),
    );
    const forged = await gatehouse(['audit', 'verify']);
    expect(forged.code).toBe(1);
    expect(forged.stderr).toContain('"changed"');
  });
});
