import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientPropertyNames, maySetClientProperty } from '@gatehouse/domain/oauth';
import { clientPropertyForms } from '../../src/clients/client-property-forms';
import { keyKindNames } from '../../src/keys/key-kinds';
import { send } from '../support/browser';
import { post } from '../support/provider';
import { eventually } from '../support/eventually';
import { runCommand, spawnCommand } from '../support/processes';
import { useCommandLine } from '../support/command-line';

jest.setTimeout(120_000);

describe('the command line, while the provider runs on the same database', () => {
  const { provider, folder, env, gatehouse, expectError } = useCommandLine();

  describe('resource', () => {
    it('add makes an API, with credentials where they are asked for; once', async () => {
      const words =
        'resource add --identifier https://cli.example/ --name CLI --scope read --scope write=Write --allow anyone --credentials --json'.split(
          ' ',
        );
      const made = (await runCommand(words, env())).json();
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
      expectError(await runCommand(words, env()), 3, 'exists');
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
        `${provider().issuer}/oauth/token`,
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
        env(),
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
      const file = join(folder(), 'client.json');
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
        (await send(`${provider().issuer}/.well-known/jwks.json`))
          .json<{ keys: { kid: string }[] }>()
          .keys.map((key) => key.kid),
      (kids) => kids.length === 6,
    );
    for (const key of fresh) expect(published).toContain(key.kid);
  });

  it('keys rotate on a database without keys gives keys that sign at once: a provider that starts there works', async () => {
    const fresh = { ...env(), GATEHOUSE_DATABASE_URL: `sqlite:${join(folder(), 'fresh.sqlite')}` };
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
      const done = await spawnCommand([], env());
      expect(done.code).toBe(2);
      expect(`${done.stdout}${done.stderr}`).toContain('user add');
    });
  });

  it.each([
    ['store copy postgres://me:hunter2@db/x'],
    ['user add --username a --password-stdin hunter2'],
    ['user add --username a --password=hunter2'],
    ['user add --username a --email --hunter2'],
  ])('%s: does not repeat what may be a secret', async (words) => {
    const { code, stdout, stderr } = await gatehouse(words);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toContain('hunter2');
  });

  it.each([
    ['user ad', 'there is no command "user ad" (Did you mean add?)'],
    ['user add --usernam a', "unknown option '--usernam', and required option '--username <name>' not specified"],
    ['user add --username a --emial b', '(Did you mean --email?)'],
    ['user add --username a --username b', '--username was given twice'],
    ['user add --username --password-stdin', 'write --username=<value>'],
    ['user add --username a extra', 'a value without an option'],
    ['client list --state odd', 'Allowed choices are new, approved, restricted, disabled.'],
    ['client rotate-secret --id a --overlap soon', 'Give a number of seconds from 0 to 2592000.'],
    ['client update --id a --pkce --no-pkce', '--pkce and --no-pkce cannot be combined'],
    ['session end --id a --username a', 'give only one of --id, --username'],
    ['audit export --until yesterday', 'such as 2026-11-25 or 2026-11-25T08:00:00Z'],
    ['registration-token add --name a\u001b]0;x', 'without control characters'],
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
      const help = await spawnCommand(['user', 'add', '--help'], misspelt);
      expect([help.code, help.stdout]).toEqual([0, expect.stringContaining('--password-stdin')]);
      expect(help.stderr).toContain('/commander/');
      expect(help.stderr).not.toMatch(/typeorm|better-sqlite3|[/]pg[/]|reflect-metadata/);
      const loading = await spawnCommand(['migrate', 'status'], { ...env, NODE_OPTIONS });
      expect(loading.stderr).toMatch(/typeorm/);
    });
  });

  it('without --json it speaks to people: lines on stdout, the message on stderr', async () => {
    const done = await gatehouse('client add --name Plain --redirect-uri https://a.test/cb');
    expect(done.stdout).toMatch(/client_id\s+\S+/);
    expect(done.stdout).toMatch(/client_secret\s+\S+/);
    const failed = await spawnCommand(['client', 'remove', '--id', 'nobody'], env());
    expect(failed).toMatchObject({ code: 3, stdout: '' });
    expect(failed.stderr.trim()).toBe('there is no client of this id');
  });

  it('wrong settings and an unreachable database fail, 1, with a message and no stack', async () => {
    const misspelt = await runCommand(['user', 'list', '--json'], { ...env(), GATEHOUSE_DATABASE_ULR: 'x' });
    expectError(misspelt, 1, 'settings');
    expect(misspelt.stderr).toContain('GATEHOUSE_DATABASE_URL');
    writeFileSync(
      join(folder(), 'no-database'),
      'this is no database, and longer than a header of one would have to be'.repeat(20),
    );
    const broken = await spawnCommand(['user', 'list', '--json'], {
      ...env(),
      GATEHOUSE_DATABASE_URL: `sqlite:${join(folder(), 'no-database')}`,
    });
    expect(broken.code).toBe(1);
    expect(broken.stderr).not.toMatch(/\n\s+at /);
  });
});
