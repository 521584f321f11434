import { UsersService } from '../../src/users/users.service';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { clientPropertyNames, maySetClientProperty } from '@gatehouse/domain/oauth';
import { clientPropertyForms } from '../../src/clients/client-property-forms';
import { AuditLog } from '../../src/audit/audit-log.service';
import { keyKindNames } from '../../src/keys/key-kinds';
import { ManualClock, SystemClock } from '@gatehouse/platform/clock';
import { Browser, send } from '../support/browser';
import { addApp } from '../support/factors';
import { startProvider, post, type TestProvider } from '../support/provider';
import { eventually } from '../support/eventually';
import { buildProvider, runCommand, type Finished } from '../support/processes';

jest.setTimeout(120_000);

describe('the command line, while the provider runs on the same database', () => {
  let provider: TestProvider;
  let folder: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    await buildProvider();
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-cli-'));
    const url = `sqlite:${join(folder, 'provider.sqlite')}`;
    provider = await startProvider({
      databaseUrl: url,
      env: { GATEHOUSE_KEY_PREPUBLISH_SECONDS: '3600' },
      // A command goes by the machine's clock.
      clock: new ManualClock(new SystemClock().now()),
    });
    env = {
      GATEHOUSE_DATABASE_URL: url,
      GATEHOUSE_SECRET_KEY: provider.secretKey,
      GATEHOUSE_ISSUER: provider.issuer,
      GATEHOUSE_KEY_PREPUBLISH_SECONDS: '3600',
    };
  });
  afterAll(async () => {
    await provider.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const gatehouse = (words: string, stdin?: string) => runCommand(words.split(' '), env, stdin);

  function expectError(done: Finished, code: number, error: string): void {
    expect({ code: done.code, stdout: done.stdout }).toEqual({ code, stdout: '' });
    const lines = done.stderr.trim().split('\n');
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? '')).toEqual({ error, message: expect.any(String) as unknown });
  }

  describe('user add', () => {
    it('makes an account that can log in at once; the password comes from stdin, less one final newline', async () => {
      const done = await gatehouse(
        'user add --username cli-ada --password-stdin --email ada@example.com --email-verified --role developer --role user --json',
        'a password from stdin \n',
      );
      expect(done).toMatchObject({ code: 0, stderr: '' });
      expect(done.stdout.trim().split('\n')).toHaveLength(1);
      expect(done.json()).toMatchObject({
        username: 'cli-ada',
        email: 'ada@example.com',
        email_verified: true,
        roles: expect.arrayContaining(['developer', 'user']) as unknown,
        disabled: false,
      });
      expect(done.stdout).not.toContain('from stdin');
      await provider.logIn({ username: 'cli-ada', password: 'a password from stdin ' });
    });

    it('takes standard claims; rejects, 2, one that there is not, and, 1, a value that will not do', async () => {
      const done = await gatehouse(
        'user add --username cli-claims --claim given_name=Ada --claim birthdate=1815-12-10 --claim address.locality=London --json',
      );
      expect(done.code).toBe(0);
      expect(await provider.app.get(UsersService).findByUsername('cli-claims')).toMatchObject({
        givenName: 'Ada',
        profile: { birthdate: '1815-12-10', address: { locality: 'London' } },
      });
      for (const claim of ['shoe_size=38', 'birthdate', 'sub=x', 'phone_number_verified=yes'])
        expectError(await gatehouse(`user add --username cli-other --claim ${claim} --json`), 2, 'usage');
      expectError(await gatehouse('user add --username cli-other --claim birthdate=x --json'), 1, 'failed');
    });

    it('warns of an address that is not verified, and of one that a change leaves so', async () => {
      const hint = 'user update --username cli-mailed --email-verified';
      const added = await gatehouse('user add --username cli-mailed --email cli@mail.test --json');
      expect(added.json<{ email_verified: boolean; warnings: string[] }>()).toMatchObject({
        email_verified: false,
        warnings: [expect.stringContaining(hint)],
      });
      const verified = await gatehouse('user update --username cli-mailed --email-verified --json');
      expect(verified.json()).toMatchObject({ email_verified: true });
      expect(verified.json()).not.toHaveProperty('warnings');
      const moved = await gatehouse('user update --username cli-mailed --email other@mail.test');
      expect(moved.stdout).toContain(hint);
      expect((await gatehouse('user add --username cli-unmailed')).stdout).not.toContain('verified');
    });

    it('without a password prints a one-time link', async () => {
      const done = await gatehouse('user add --username cli-linked --json');
      const { set_password_link: link } = done.json<{ set_password_link: string }>();
      expect((await new Browser().open(link)).status).toBe(200);
    });

    it('says exists, 3, for a username that is taken, in any case', async () => {
      await gatehouse('user add --username cli-taken');
      expectError(await gatehouse('user add --username CLI-Taken --json'), 3, 'exists');
      expectError(await gatehouse('user add --username cli-taken --password-stdin --json', 'long enough'), 3, 'exists');
    });

    it.each(['short', ''])('fails, 1, with a password that will not do (%#)', async (password) => {
      expectError(await gatehouse('user add --username cli-weak --password-stdin --json', password), 1, 'failed');
      expectError(await gatehouse('user disable --username cli-weak --json'), 3, 'not_found');
    });

    it('fails, 1, with a role that there is not', async () => {
      expectError(await gatehouse('user add --username cli-king --role king --json'), 1, 'failed');
    });
  });

  it('user list, disable, enable', async () => {
    await gatehouse('user add --username cli-bob --password-stdin', 'the password of bob\n');
    const browser = await provider.logIn({ username: 'cli-bob', password: 'the password of bob' });
    expect((await gatehouse('user disable --username cli-bob --json')).json()).toMatchObject({ disabled: true });
    expect((await browser.send(`${provider.issuer}/home`)).status).toBe(303);
    await expect(provider.logIn({ username: 'cli-bob', password: 'the password of bob' })).rejects.toThrow();
    expect((await gatehouse('user list --search cli-bob --json')).json()).toMatchObject({
      users: [{ username: 'cli-bob', disabled: true }],
    });
    expect((await gatehouse('user list --search LI-BO --json')).json()).toMatchObject({
      users: [{ username: 'cli-bob' }],
    });
    expect((await gatehouse('user enable --username cli-bob')).code).toBe(0);
    await provider.logIn({ username: 'cli-bob', password: 'the password of bob' });
  });

  it('user show, update and reset-password; session list and end', async () => {
    const user = await provider.addUser({ username: 'cli-mary', email: 'mary@example.com' });
    const browser = await provider.logIn(user);
    const shown = (await gatehouse('user show --username cli-mary --json')).json();
    expect(shown).toMatchObject({ username: 'cli-mary', sessions: 1, second_factors: [] });

    const changed = await gatehouse(
      'user update --username cli-mary --email-verified --claim nickname=M --claim address.locality=Leeds --role developer --json',
    );
    expect(changed.json()).toMatchObject({
      email: 'mary@example.com',
      email_verified: true,
      nickname: 'M',
      address: { locality: 'Leeds' },
      roles: ['developer'],
    });
    const again = await gatehouse('user update --username cli-mary --email new@example.com --claim nickname= --json');
    expect(again.json()).toMatchObject({ email: 'new@example.com', email_verified: false, roles: ['developer'] });
    expect(again.json()).not.toHaveProperty('nickname');
    expectError(await gatehouse('user update --username cli-mary --role boss --json'), 1, 'failed');

    const sessions = (await gatehouse('session list --username cli-mary --json')).json()['sessions'] as {
      id: string;
    }[];
    expect(sessions).toEqual([expect.objectContaining({ user_id: user.id })]);
    expect((await gatehouse(`session end --id ${sessions[0]?.id} --json`)).json()).toEqual({ ended: 1 });
    expect((await browser.open(`${provider.base}/account`)).text).toContain('name="password"');
    expectError(await gatehouse(`session end --id ${sessions[0]?.id} --json`), 3, 'not_found');
    expectError(await gatehouse('session end --json'), 2, 'usage');

    const second = await provider.logIn(user);
    const password = 'another password from stdin';
    const reset = await gatehouse('user reset-password --username cli-mary --password-stdin --json', password);
    expect(reset).toMatchObject({ code: 0 });
    expect((await second.open(`${provider.base}/account`)).text).toContain('name="password"');
    await provider.logIn({ username: 'cli-mary', password });
    expect((await gatehouse('session end --username cli-mary --json')).json()).toEqual({ ended: 1 });
    const link = (await gatehouse('user reset-password --username cli-mary --json')).json()['set_password_link'];
    expect(link).toMatch(/\/password\/set\?token=/);
  });

  it('user reset-mfa: the password alone logs in again, and sessions ended', async () => {
    await gatehouse('user add --username cli-eve --password-stdin', 'the password of eve\n');
    const eve = { username: 'cli-eve', password: 'the password of eve' };
    const browser = await provider.logIn(eve);
    await addApp(provider, browser);
    await expect(provider.logIn(eve)).rejects.toThrow('/login/factor');
    expect((await gatehouse('user reset-mfa --username cli-eve --json')).json()).toMatchObject({ second_factors: [] });
    expect((await browser.send(`${provider.issuer}/home`)).status).toBe(303);
    await provider.logIn(eve);
    expectError(await gatehouse('user reset-mfa --username nobody --json'), 3, 'not_found');
  });

  it('is the actor of its events, with the operating-system user, on the audit page and in its filter', async () => {
    const actor = `cli:${userInfo().username}`;
    const { id } = (await gatehouse('user add --username cli-audited --json')).json<{ id: string }>();
    for (const words of ['user update --name Audited', 'user link', 'user reset-mfa', 'user disable', 'user enable'])
      expect((await gatehouse(`${words} --username cli-audited`)).code).toBe(0);
    expect((await gatehouse('audit export --until 2026-01-01')).code).toBe(0);
    const { events } = await provider.app.get(AuditLog).search({ userId: actor, limit: 200 });
    expect(events.every(({ actorId }) => actorId === actor)).toBe(true);
    expect(events.filter(({ subjectId }) => subjectId === id).map(({ type }) => type)).toEqual([
      ...['user.enabled', 'user.disabled', 'factor.reset', 'user.password_link_created', 'user.updated'],
      ...['user.password_link_created', 'user.created'],
    ]);
    expect(events[0]).toMatchObject({
      type: 'audit.exported',
      details: { by: 'command line', until: '2026-01-01' },
    });
    const auditor = await provider.logIn(await provider.addUser({ roles: ['auditor'] }));
    const page = await auditor.open(`${provider.base}/audit?user=${encodeURIComponent(actor)}`);
    expect(page.text).toContain(`Command line (${userInfo().username})`);
    expect(page.text).not.toContain('There is no user');
  });

  it('never disables the last administrator', async () => {
    expectError(await gatehouse('user disable --username admin --json'), 1, 'failed');
  });

  describe('resource', () => {
    it('add makes an API, with credentials where they are asked for; once', async () => {
      const words =
        'resource add --identifier https://cli.example/ --name CLI --scope read --scope write=Write --allow anyone --credentials --json'.split(
          ' ',
        );
      const made = (await runCommand(words, env)).json();
      expect(made).toMatchObject({
        identifier: 'https://cli.example/',
        token_format: 'jwt',
        signing_alg: 'ES256',
        allow: 'anyone',
        scopes: [
          { name: 'read', sentence: '' },
          { name: 'write', sentence: 'Write' },
        ],
        client_id: expect.any(String) as unknown,
        client_secret: expect.stringMatching(/^.{43}$/) as unknown,
      });
      expectError(await runCommand(words, env), 3, 'exists');
      expect((await gatehouse('resource list --json')).json()).toMatchObject({
        resources: [{ identifier: 'https://cli.example/', client_id: made['client_id'] }],
      });
      expect((await gatehouse('resource remove --identifier https://cli.example/ --json')).json()).toMatchObject({
        removed: true,
      });
      expectError(await gatehouse('resource remove --identifier https://cli.example/ --json'), 3, 'not_found');
      expectError(await gatehouse('resource add --identifier nowhere --json'), 1, 'failed');
    });
  });

  describe('client add', () => {
    const token = (id: string, secret: string) =>
      post(
        `${provider.issuer}/oauth/token`,
        { grant_type: 'client_credentials' },
        { Authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` },
      );

    it('prints id and secret, and the running provider knows it at once', async () => {
      const done = await runCommand(
        [
          'client',
          'add',
          '--name',
          'From the shell',
          '--redirect-uri',
          'https://a.test/cb',
          '--redirect-uri',
          'https://b.test/cb',
          '--post-logout-redirect-uri',
          'https://a.test/bye',
          '--grant-type',
          'authorization_code',
          '--grant-type',
          'client_credentials',
          '--scope',
          'openid',
          '--scope',
          'read',
          '--no-pkce',
          '--no-consent',
          '--json',
        ],
        env,
      );
      expect(done).toMatchObject({ code: 0, stderr: '' });
      const made = done.json<{ client_id: string; client_secret: string }>();
      expect(made).toMatchObject({
        client_name: 'From the shell',
        redirect_uris: ['https://a.test/cb', 'https://b.test/cb'],
        post_logout_redirect_uris: ['https://a.test/bye'],
        grant_types: ['authorization_code', 'client_credentials'],
        scope: 'openid read',
        token_endpoint_auth_method: 'client_secret_basic',
        require_pkce: false,
        require_consent: false,
      });
      expect((await token(made.client_id, made.client_secret)).status).toBe(200);
    });

    it('--public has no secret', async () => {
      const made = (
        await gatehouse('client add --name Public --public --redirect-uri https://a.test/cb --json')
      ).json();
      expect(made).toMatchObject({ token_endpoint_auth_method: 'none' });
      expect(made).not.toHaveProperty('client_secret');
    });

    it('takes metadata from a file by their RFC 7591 names; an option goes before it', async () => {
      const file = join(folder, 'client.json');
      writeFileSync(
        file,
        JSON.stringify({
          client_name: 'From a file',
          redirect_uris: ['https://file.test/cb'],
          response_types: ['code', 'code id_token'],
          backchannel_logout_uri: 'https://file.test/out',
          default_max_age: 60,
          made_up: true,
        }),
      );
      const done = await gatehouse(`client add --metadata-file ${file} --name Chosen --json`);
      expect(done.json()).toMatchObject({
        client_name: 'Chosen',
        redirect_uris: ['https://file.test/cb'],
        grant_types: ['authorization_code', 'implicit'],
        response_types: ['code', 'code id_token'],
        backchannel_logout_uri: 'https://file.test/out',
        default_max_age: 60,
      });
      writeFileSync(file, '{"client_name": 1}');
      expectError(await gatehouse(`client add --metadata-file ${file} --json`), 1, 'failed');
      expectError(await gatehouse(`client add --metadata-file ${file}.gone --json`), 1, 'failed');
    });

    it('fails, 1, with metadata that will not do', async () => {
      expectError(await gatehouse('client add --name Bad --redirect-uri javascript:alert(1) --json'), 1, 'failed');
      expectError(await gatehouse('client add --name Bad --json'), 1, 'failed');
      expectError(
        await gatehouse('client add --name Bad --redirect-uri https://a.test/cb --owner nobody-of-this-name --json'),
        3,
        'not_found',
      );
    });

    it('rotate-secret and remove are seen by the running provider within a second', async () => {
      const made = (
        await gatehouse('client add --name Rotated --grant-type client_credentials --scope read --json')
      ).json<{ client_id: string; client_secret: string }>();
      expect((await token(made.client_id, made.client_secret)).status).toBe(200);
      const rotated = (await gatehouse(`client rotate-secret --id ${made.client_id} --overlap 0 --json`)).json<{
        client_secret: string;
      }>();
      expect((await token(made.client_id, rotated.client_secret)).status).toBe(200);
      // The command's clock is the machine's, the provider's stands still: when the old secret ends differs between them.
      expect((await gatehouse(`client list --search ${made.client_id} --json`)).json()).toMatchObject({
        clients: [{ client_id: made.client_id }],
      });
      expect((await gatehouse(`client remove --id ${made.client_id} --json`)).json()).toEqual({
        client_id: made.client_id,
        removed: true,
      });
      const last = await eventually(
        () => token(made.client_id, rotated.client_secret),
        (answer) => answer.status !== 200,
      );
      expect(last.status).toBe(401);
    });

    it.each(['2592001', '99999999', '-1', '1.5'])(
      'rotate-secret takes no overlap of %s s, as the API',
      async (overlap) => {
        const made = (
          await gatehouse('client add --name Overlapping --grant-type client_credentials --scope read --json')
        ).json<{ client_id: string; client_secret: string }>();
        expectError(
          await gatehouse(`client rotate-secret --id ${made.client_id} --overlap=${overlap} --json`),
          2,
          'usage',
        );
        expect((await token(made.client_id, made.client_secret)).status).toBe(200);
      },
    );

    it.each(['client remove', 'client rotate-secret'])('%s says not_found, 3, for an unknown id', async (command) => {
      expectError(await gatehouse(`${command} --id nobody --json`), 3, 'not_found');
    });
  });

  it('keys list and rotate: new keys of each kind are published within a second, and sign later', async () => {
    const before = (await gatehouse('keys list --json')).json<{ keys: { kid: string; alg: string }[] }>().keys;
    expect(before.map((key) => key.alg).sort()).toEqual([...keyKindNames].sort());
    const after = (await gatehouse('keys rotate --json')).json<{
      keys: { kid: string; signs_from: number; created_at: number }[];
    }>().keys;
    expect(after).toHaveLength(2 * keyKindNames.length);
    const fresh = after.filter((key) => !before.some((old) => old.kid === key.kid));
    for (const key of fresh) expect(key.signs_from - key.created_at).toBe(3600);
    const published = await eventually(
      async () =>
        (await send(`${provider.issuer}/.well-known/jwks.json`))
          .json<{ keys: { kid: string }[] }>()
          .keys.map((key) => key.kid),
      (kids) => kids.length === 6,
    );
    for (const key of fresh) expect(published).toContain(key.kid);
  });

  it('keys rotate on a database without keys gives keys that sign at once: a provider that starts there works', async () => {
    const fresh = { ...env, GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'fresh.sqlite')}` };
    const { keys } = (await runCommand(['keys', 'rotate', '--json'], fresh)).json<{
      keys: { signs_from: number; created_at: number }[];
    }>();
    expect(keys).toHaveLength(keyKindNames.length);
    for (const key of keys) expect(key.signs_from).toBe(key.created_at);
  });

  it('migrate status says what was made; up has nothing to do', async () => {
    const { migrations } = (await gatehouse('migrate status --json')).json<{ migrations: { applied: boolean }[] }>();
    expect(migrations.length).toBeGreaterThan(0);
    expect(migrations.every((step) => step.applied)).toBe(true);
    expect((await gatehouse('migrate up --json')).json()).toMatchObject({ applied: [] });
  });

  describe('what it does not understand is usage, 2', () => {
    it.each([
      'user frobnicate',
      'frobnicate',
      'user add',
      'user add --username a --colour blue',
      'user add --username a --username b',
      'user add --username a extra',
      'client add --public --auth-method none --name x',
      'keys list --username a',
      'user add --username --password-stdin',
      'user',
    ])('%s', async (words) => {
      expectError(await gatehouse(`${words} --json`), 2, 'usage');
    });

    it('nothing at all, with the list of commands', async () => {
      const done = await runCommand([], env);
      expect(done.code).toBe(2);
      expect(`${done.stdout}${done.stderr}`).toContain('user add');
    });
  });

  it.each([
    ['user ad', 'there is no command "user ad" (Did you mean add?)'],
    ['user add --usernam a', "unknown option '--usernam', and required option '--username <name>' not specified"],
    ['user add --username a --emial b', '(Did you mean --email?)'],
    ['user add --username a --username b', '--username was given twice'],
    ['user add --username --password-stdin', 'write --username=--password-stdin'],
    ['user add --username a extra', 'unexpected argument "extra"'],
    ['client list --state odd', 'Allowed choices are new, approved, restricted, disabled.'],
    ['client rotate-secret --id a --overlap soon', 'Give a number of seconds from 0 to 2592000.'],
    ['client update --id a --pkce --no-pkce', '--pkce and --no-pkce cannot be combined'],
    ['session end --id a --username a', 'give only one of --id, --username'],
    ['audit export --until yesterday', 'such as 2026-11-25 or 2026-11-25T08:00:00Z'],
  ])('%s: says what to change, and where to read on', async (words, message) => {
    const { code, stdout, stderr } = await gatehouse(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^Run "gatehouse [a-z -]+ --help" for help\.$/m);
  });

  describe('--help', () => {
    it('lists all commands, 0', async () => {
      const { code, stdout } = await gatehouse('--help');
      expect(code).toBe(0);
      for (const command of ['user reset-mfa', 'client add', 'store copy', 'store accept-issuer', 'doctor'])
        expect(stdout).toMatch(new RegExp(`^  ${command} {2}`, 'm'));
    });

    it('of a group lists its commands; of a command, its options with values and defaults', async () => {
      expect((await gatehouse('user --help')).stdout).toMatch(/^ {2}reset-mfa /m);
      const resource = (await gatehouse('resource add --help')).stdout.replaceAll(/\s+/g, ' ');
      expect(resource).toContain('--identifier <uri> Its identifier: the audience of its tokens (required)');
      expect(resource).toContain(
        '--token-format <format> Format of access tokens (choices: "jwt", "opaque", default: "jwt")',
      );
      expect(resource).toContain('--json Print one JSON object');
    });

    it('has an option for each client property that an administrator may set', async () => {
      const { stdout } = await gatehouse('client add --help');
      const names = clientPropertyNames.filter((name) => maySetClientProperty('administrator', name));
      expect(names.length).toBeGreaterThan(50);
      for (const name of names)
        expect(stdout).toMatch(new RegExp(`^  --(\\[no-\\])?${clientPropertyForms[name].option}( |$)`, 'm'));
    });

    it('reads no settings, and loads neither the database drivers nor the application', async () => {
      const listModules = `process.on('exit', () => console.error(Object.keys(process.getBuiltinModule('module')._cache).join('\\n')))`;
      const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(listModules)}`;
      const misspelt = { GATEHOUSE_DATABASE_ULR: 'x', NODE_OPTIONS };
      const help = await runCommand(['user', 'add', '--help'], misspelt);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--password-stdin')]);
      expect(help.stderr).toContain('/commander/');
      expect(help.stderr).not.toMatch(/typeorm|better-sqlite3|[/]pg[/]|reflect-metadata/);
      const loading = await runCommand(['migrate', 'status'], { ...env, NODE_OPTIONS });
      expect(loading.stderr).toMatch(/typeorm/);
    });
  });

  it('without --json it speaks to people: lines on stdout, the message on stderr', async () => {
    const done = await gatehouse('client add --name Plain --redirect-uri https://a.test/cb');
    expect(done.stdout).toMatch(/client_id\s+\S+/);
    expect(done.stdout).toMatch(/client_secret\s+\S+/);
    const failed = await gatehouse('client remove --id nobody');
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(failed.stderr.trim()).toBe('there is no client of this id');
  });

  it('wrong settings and an unreachable database fail, 1, with a message and no stack', async () => {
    const misspelt = await runCommand(['user', 'list', '--json'], { ...env, GATEHOUSE_DATABASE_ULR: 'x' });
    expectError(misspelt, 1, 'settings');
    expect(misspelt.stderr).toContain('GATEHOUSE_DATABASE_URL');
    writeFileSync(
      join(folder, 'no-database'),
      'this is no database, and longer than a header of one would have to be'.repeat(20),
    );
    const broken = await runCommand(['user', 'list', '--json'], {
      ...env,
      GATEHOUSE_DATABASE_URL: `sqlite:${join(folder, 'no-database')}`,
    });
    expect(broken.code).toBe(1);
    expect(broken.stderr).not.toMatch(/\n\s+at /);
  });
});
