import { describeSavedForm } from '../../src/account/saved-form-description';
import { ResourcesService } from '../../src/resources/resources.service';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import type { Browser } from '../support/browser';
import { givePassword } from '../support/factors';
import { changed, fieldsOf, sendFields, type Fields } from '../support/forms';
import { startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';

interface Control {
  readonly name: string;
  readonly kind: 'switch' | 'list' | 'value';
}

/** The controls of a form, checked or not. */
function controlsOf(form: string): Control[] {
  return [...form.matchAll(/<(?:input|select|textarea)\b[^>]*>/g)].flatMap(([tag]): Control[] => {
    const name = /\sname="([^"]*)"/.exec(tag)?.[1];
    if (name === undefined || /^(csrf|tab|revision(:.*)?)$/.test(name)) return [];
    if (!/\stype="checkbox"/.test(tag)) return [{ name, kind: 'value' }];
    return [{ name, kind: /\svalue="yes"/.test(tag) ? 'switch' : 'list' }];
  });
}

/** An unchecked checkbox is no field of a form: what a form leaves out must be shown before it is sent. */
describe('what a form that waits for a sign-in turns off', () => {
  let provider: TestProvider;
  let people = 0;
  let ids: { readonly user: string; readonly client: string; readonly resource: string; readonly issuer: string };
  beforeAll(async () => {
    provider = await startProvider({ env: { GATEHOUSE_THROTTLE: 'off' } });
    const user = await provider.addUser({ username: 'victim', roles: ['developer'] });
    const { client } = await provider.addClient({ name: 'Payroll', secondFactorRequired: true });
    await addResource(provider, { identifier: 'urn:target' });
    const [resource] = await provider.app.get(ResourcesService).getAll(['urn:target']);
    const draft = { issuer: 'urn:x', name: 'X', jwksUri: 'https://k.example/', clients: ['any'], scope: ['a'] };
    const issuer = await provider.store.run((unit) =>
      provider.app.get(TrustedIssuers).create(unit, { ...draft, subject: 'id' }, provider.clock.now()),
    );
    if ('problems' in issuer) throw new Error(JSON.stringify(issuer.problems));
    ids = { user: user.id, client: client.id, resource: resource?.id ?? '', issuer: issuer.trusted.id };
  });
  afterAll(() => provider.close());

  const at = (path: string): string => provider.issuer + path;

  async function person(
    roles: string[],
  ): Promise<{ browser: Browser; user: { username: string; password: string }; id: string }> {
    const user = await provider.addUser({ username: `reviewer-${++people}`, roles });
    return { browser: await provider.logIn(user), user, id: user.id };
  }

  /** What the confirmation page says of a form of a page, sent in a session that was too old. */
  async function confirmation(
    { browser, user }: Awaited<ReturnType<typeof person>>,
    path: string,
    change: (fields: Fields) => Fields,
    page = path,
  ): Promise<string> {
    await browser.open(at(page));
    const fields = change(fieldsOf(browser, path));
    provider.clock.advance(601);
    await browser.open((await sendFields(browser, fields, path)).location ?? '');
    await givePassword(provider, user, browser);
    expect(browser.address).toContain('/resume/');
    return (browser.page?.text ?? '').replace(/<[^>]*>/g, ' ').replace(/\s+/g, ' ');
  }

  const without =
    (...names: string[]) =>
    (fields: Fields): Fields =>
      fields.filter(([name]) => !names.includes(name));

  it('is known of every form: its rule names each checkbox and, where it names fields, all of them', async () => {
    const { browser } = await person(['admin']);
    const pages = [
      ...[
        '/user',
        '/user/add',
        '/user/roles',
        '/user/invite',
        '/settings/branding',
        '/settings/sign-in',
        `/user/update/${ids.user}`,
        `/user/delete/${ids.user}`,
      ],
      ...[
        '/client',
        '/client?state=new',
        '/client/add',
        ...['', '/scopes', '/tokens', '/advanced', '/danger'].map((tab) => `/client/update/${ids.client}${tab}`),
        `/client/delete/${ids.client}`,
      ],
      ...[`/client/roles/${ids.client}`, '/resource/add', `/resource/update/${ids.resource}`, '/key', '/issuer/add'],
      ...[`/issuer/update/${ids.issuer}`, `/user/factors/${ids.user}`, '/account/email', '/account/delete'],
    ];
    const seen = new Set<string>();
    const unnamed: string[] = [];
    for (const page of pages) {
      const { status, text } = await browser.open(at(page));
      expect([page, status]).toEqual([page, 200]);
      for (const [, attributes = '', inner = ''] of text.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/g)) {
        const action = /\saction="([^"]*)"/.exec(attributes)?.[1] ?? page;
        if (!/method="post"/.test(attributes) || action === '/logout') continue;
        seen.add(action);
        // The ids of records in a list are the records that the page names.
        const buttons = [...inner.matchAll(/name="action" value="([^"]*)"/g)].map(([, value = '']) => value);
        for (const button of buttons.length > 0 ? buttons : [undefined]) {
          const tab = /name="tab" value="([^"]*)"/.exec(inner)?.[1];
          const fields: Fields = [
            ...(tab === undefined ? [] : [['tab', tab] as const]),
            ...(button === undefined ? [] : [['action', button] as const]),
          ];
          const { expected, kind } = describeSavedForm({
            address: action,
            fields: fields.map(([name, value]): [string, string] => [name, value]),
          });
          const isList = kind !== undefined && /^\/(user|client)$/.test(action);
          for (const control of controlsOf(inner)) {
            if (isList && control.name === 'id') continue;
            if (control.kind === 'value' && expected.length === 0) continue;
            const known = expected.find(({ name }) => name === control.name);
            const isNamed = control.kind === 'value' ? known !== undefined : known?.kind === control.kind;
            if (!isNamed && button?.startsWith('add-') !== true && button?.startsWith('remove-') !== true)
              unnamed.push(`${action} ${button ?? ''}: ${control.name} (${control.kind})`);
          }
        }
      }
    }
    expect(unnamed).toEqual([]);
    for (const path of ['/user/add', '/user/roles', '/user/invite', '/client/add', '/resource/add', '/issuer/add'])
      expect([path, seen.has(path)]).toEqual([path, true]);
    for (const [path, id] of [
      ['user/update', ids.user],
      ['client/update', ids.client],
      ['client/roles', ids.client],
      ['client/secret', ids.client],
      ['resource/update', ids.resource],
      ['issuer/update', ids.issuer],
    ])
      expect([path, seen.has(`/${path}/${id}`)]).toEqual([path, true]);
  });

  it('is shown for a client, and marked where it was on', async () => {
    const path = `/client/update/${ids.client}`;
    const words = await confirmation(
      await person(['admin']),
      path,
      without('secondFactorRequired', 'pkceRequired'),
      `${path}/advanced`,
    );
    expect(words).toContain('Require PKCE Off (on until now)');
    expect(words).toContain('Require a second step Off (on until now)');
    expect(words).toContain('Service account: client credentials for every API Off ');
    // Of the fields on other pages it changes none.
    expect(words).not.toContain('Ask people for consent');
    const scopes = await confirmation(
      await person(['admin']),
      path,
      without('consentRequired', 'defaultScope'),
      `${path}/scopes`,
    );
    expect(scopes).toContain('Ask people for consent Off (on until now)');
    expect(scopes).toContain('Default scopes None');
    expect(scopes).not.toContain('Require PKCE');
  });

  it('is shown where something is turned on, and where a field was left out', async () => {
    const path = `/client/update/${ids.client}`;
    const words = await confirmation(
      await person(['admin']),
      path,
      (fields) => changed(without('owner', 'jwks')(fields), { serviceAccount: 'yes' }),
      `${path}/advanced`,
    );
    expect(words).toContain('Service account: client credentials for every API On (off until now)');
    expect(words).toContain('Require PKCE On ');
    expect(words).toMatch(/Left empty .*Owner .*Address of its public keys Its public keys /);
  });

  it('is not shown to developers of fields that administrators alone have', async () => {
    const developer = await person(['developer']);
    const { client } = await provider.addClient({ name: 'Own', ownerId: developer.id });
    const path = `/client/update/${client.id}`;
    const off = (fields: Fields): Fields => changed(fields, { pkceRequired: [] });
    const words = await confirmation(developer, path, off, `${path}/advanced`);
    expect(words).toContain('Require PKCE Off (on until now)');
    expect(words).not.toContain('Require a second step');
  });

  it('is shown for users and roles', async () => {
    const words = await confirmation(
      await person(['admin']),
      `/user/update/${ids.user}`,
      without('role', 'emailVerified'),
    );
    expect(words).toContain('Roles None');
    expect(words).toContain('The e-mail address is verified Off');
    const roles = await confirmation(await person(['admin']), '/user/roles', without('secondFactor'));
    expect(roles).toContain('Roles that require a second step None');
  });
});
