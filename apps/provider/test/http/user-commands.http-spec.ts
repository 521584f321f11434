import { statement } from '@gatehouse/platform/database/store';
import { Invitations } from '../../src/users/invitations/invitations.service';
import { UsersService } from '../../src/users/users.service';
import { userInfo } from 'node:os';
import { AuditLog } from '../../src/audit/audit-log.service';
import { Browser } from '../support/browser';
import { addApp } from '../support/factors';
import { spawnCommand } from '../support/processes';
import { useCommandLine } from '../support/command-line';

jest.setTimeout(120_000);

describe('commands on users and sessions, while the provider runs on the same database', () => {
  const { provider, env, gatehouse, expectError } = useCommandLine();

  describe('user add', () => {
    it('makes an account that can log in at once; the password comes from stdin, less one final newline', async () => {
      const words =
        'user add --username cli-ada --password-stdin --email ada@example.com --email-verified --role developer --role user --json';
      const done = await spawnCommand(words.split(' '), env(), 'a password from stdin \n');
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
      await provider().logIn({ username: 'cli-ada', password: 'a password from stdin ' });
    });

    it('takes standard claims; rejects, 2, one that there is not, and, 1, a value that will not do', async () => {
      const done = await gatehouse(
        'user add --username cli-claims --claim given_name=Ada --claim birthdate=1815-12-10 --claim address.locality=London --json',
      );
      expect(done.code).toBe(0);
      expect(await provider().app.get(UsersService).findByUsername('cli-claims')).toMatchObject({
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
    const browser = await provider().logIn({ username: 'cli-bob', password: 'the password of bob' });
    expect((await gatehouse('user disable --username cli-bob --json')).json()).toMatchObject({ disabled: true });
    expect((await browser.send(`${provider().issuer}/home`)).status).toBe(303);
    await expect(provider().logIn({ username: 'cli-bob', password: 'the password of bob' })).rejects.toThrow();
    expect((await gatehouse('user list --search cli-bob --json')).json()).toMatchObject({
      users: [{ username: 'cli-bob', disabled: true }],
    });
    expect((await gatehouse('user list --search LI-BO --json')).json()).toMatchObject({
      users: [{ username: 'cli-bob' }],
    });
    expect((await gatehouse('user enable --username cli-bob')).code).toBe(0);
    await provider().logIn({ username: 'cli-bob', password: 'the password of bob' });
  });

  it('user show, update and reset-password; session list and end', async () => {
    const user = await provider().addUser({ username: 'cli-mary', email: 'mary@example.com' });
    const browser = await provider().logIn(user);
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
    expect((await browser.open(`${provider().base}/account`)).text).toContain('name="password"');
    expectError(await gatehouse(`session end --id ${sessions[0]?.id} --json`), 3, 'not_found');
    expectError(await gatehouse('session end --json'), 2, 'usage');

    const second = await provider().logIn(user);
    const password = 'another password from stdin';
    const reset = await gatehouse('user reset-password --username cli-mary --password-stdin --json', password);
    expect(reset).toMatchObject({ code: 0 });
    expect((await second.open(`${provider().base}/account`)).text).toContain('name="password"');
    await provider().logIn({ username: 'cli-mary', password });
    expect((await gatehouse('session end --username cli-mary --json')).json()).toEqual({ ended: 1 });
    const link = (await gatehouse('user reset-password --username cli-mary --json')).json()['set_password_link'];
    expect(link).toMatch(/\/password\/set\?token=/);
  });

  it('user reset-mfa: the password alone logs in again, and sessions ended', async () => {
    await gatehouse('user add --username cli-eve --password-stdin', 'the password of eve\n');
    const eve = { username: 'cli-eve', password: 'the password of eve' };
    const browser = await provider().logIn(eve);
    await addApp(provider(), browser);
    await expect(provider().logIn(eve)).rejects.toThrow('/login/factor');
    expect((await gatehouse('user reset-mfa --username cli-eve --json')).json()).toMatchObject({ second_factors: [] });
    expect((await browser.send(`${provider().issuer}/home`)).status).toBe(303);
    await provider().logIn(eve);
    expectError(await gatehouse('user reset-mfa --username nobody --json'), 3, 'not_found');
  });

  it('is the actor of its events, with the operating-system user, on the audit page and in its filter', async () => {
    const actor = `cli:${userInfo().username}`;
    const { id } = (await gatehouse('user add --username cli-audited --json')).json<{ id: string }>();
    for (const words of ['user update --name Audited', 'user link', 'user reset-mfa', 'user disable', 'user enable'])
      expect((await gatehouse(`${words} --username cli-audited`)).code).toBe(0);
    expect((await gatehouse('audit export --until 2026-01-01')).code).toBe(0);
    const { events } = await provider().app.get(AuditLog).search({ userId: actor, limit: 200 });
    expect(events.every(({ actorId }) => actorId === actor)).toBe(true);
    expect(events.filter(({ subjectId }) => subjectId === id).map(({ type }) => type)).toEqual([
      ...['user.enabled', 'user.disabled', 'factor.reset', 'user.password_link_created', 'user.updated'],
      ...['user.password_link_created', 'user.created'],
    ]);
    expect(events[0]).toMatchObject({
      type: 'audit.exported',
      details: { by: 'command line', until: '2026-01-01' },
    });
    const auditor = await provider().logIn(await provider().addUser({ roles: ['auditor'] }));
    const page = await auditor.open(`${provider().base}/audit?user=${encodeURIComponent(actor)}`);
    expect(page.text).toContain(`Command line (${userInfo().username})`);
    expect(page.text).not.toContain('There is no user');
  });

  it('is not the actor of what ends with the account: nobody withdraws it', async () => {
    const { id: createdBy } = await provider().addUser({ username: 'cli-inviter', roles: ['admin'] });
    const invitation = { email: 'cli-guest@people.test', roles: ['admin'], createdBy };
    await provider().store.run((unit) =>
      provider().app.get(Invitations).invite(unit, invitation, provider().clock.now()),
    );
    expect((await gatehouse('user disable --username cli-inviter')).code).toBe(0);
    const events = statement(
      'test.withdrawn',
      `SELECT actor_id FROM audit_events WHERE type = 'user.invitation_withdrawn'`,
    );
    expect(await provider().store.all(events)).toEqual([{ actor_id: null }]);
  });

  it('never disables the last administrator', async () => {
    expectError(await gatehouse('user disable --username admin --json'), 1, 'failed');
  });
});
