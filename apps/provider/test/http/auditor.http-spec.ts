import type { Client } from '@gatehouse/domain/oauth';
import type { Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { addResource } from '../support/resources';
import { TrustedIssuers } from '../../src/trusted-issuers/trusted-issuers.service';
import { ResourcesService } from '../../src/resources/resources.service';

interface Layer {
  readonly route?: { readonly path: string | readonly string[]; readonly methods: Readonly<Record<string, boolean>> };
}

const administration = [
  ...['/client', '/resource', '/user', '/grant', '/token'],
  ...['/admin', '/audit', '/failed-request', '/session', '/key', '/message', '/issuer'],
];

describe('the role auditor', () => {
  let provider: TestProvider;
  let auditor: Browser;
  let client: Client;
  let userId: string;
  let ids: Record<string, string>;

  beforeAll(async () => {
    provider = await startProvider();
    auditor = await provider.logIn(await provider.addUser({ username: 'watcher', roles: ['auditor'] }));
    ({ client } = await provider.addClient({ name: 'Watched' }));
    ({ id: userId } = await provider.addUser({ username: 'watched' }));
    await addResource(provider, { identifier: 'urn:watched', name: 'Watched API' });
    const [resource] = await provider.app.get(ResourcesService).getAll(['urn:watched']);
    const issuer = await provider.store.run((unit) =>
      provider.app.get(TrustedIssuers).create(
        unit,
        {
          issuer: 'urn:watched',
          name: 'Watched issuer',
          jwksUri: 'https://keys.example/',
          subject: 'id',
          clients: ['any'],
          scope: ['a'],
        },
        provider.clock.now(),
      ),
    );
    if ('problems' in issuer) throw new Error(JSON.stringify(issuer.problems));
    ids = {
      '/client': client.id,
      '/user': userId,
      '/resource': resource?.id ?? '',
      '/issuer': issuer.trusted.id,
    };
  });
  afterAll(() => provider.close());

  const at = (path: string): string => `${provider.base}${path}`;

  /** Every route of the application: a new one cannot be forgotten here. */
  function routesOf(method: 'get' | 'post'): string[] {
    const { router } = provider.app.getHttpAdapter().getInstance() as { router: { stack: Layer[] } };
    return router.stack
      .flatMap(({ route }) => (route?.methods[method] ? route.path : []))
      .filter((path) => administration.some((root) => path === root || path.startsWith(`${root}/`)))
      .map((path) => path.replace(':page', 'advanced').replace(/:\w+/g, ids[`/${path.split('/')[1] ?? ''}`] ?? '1'));
  }

  /** Events of changes: that access was rejected is recorded too. */
  const events = async (): Promise<number> =>
    (
      await provider.store.reader.query<{ n: number }[]>(
        `SELECT count(*) AS n FROM audit_events WHERE type <> 'access.denied'`,
      )
    )[0]?.n ?? 0;

  it('opens every page of the administration', async () => {
    const paths = routesOf('get').filter((path) => !/^\/(grant|token|failed-request)\/\w/.test(path));
    expect(paths).toEqual(expect.arrayContaining(['/client', '/user', '/resource', `/client/update/${client.id}`]));
    for (const path of paths) {
      const page = await auditor.open(at(path));
      expect([path, page.status]).toEqual([path, 200]);
    }
    expect((await auditor.open(at('/user'))).text).toContain('watched');
    expect((await auditor.open(at('/client'))).text).toContain('Watched');
    expect((await auditor.open(at(`/client/update/${client.id}`))).text).toContain('You’re an auditor');
  });

  it('changes nothing by any form, with a good token from our own page', async () => {
    const paths = routesOf('post');
    expect(paths).toEqual(
      expect.arrayContaining(['/client/add', `/client/update/${client.id}`, '/user/add', `/user/update/${userId}`]),
    );
    const before = await events();
    for (const path of paths) {
      const csrf = /name="csrf" value="([^"]+)"/.exec((await auditor.open(at('/client/add'))).text)?.[1] ?? '';
      const answer = await auditor.send(at(path), {
        method: 'POST',
        headers: {
          'Content-Type': 'application/x-www-form-urlencoded',
          Origin: new URL(provider.issuer).origin,
        },
        body: new URLSearchParams({
          csrf,
          action: 'disable',
          name: 'Changed',
          username: 'changed',
          id: ids[`/${path.split('/')[1] ?? ''}`] ?? '1',
        }).toString(),
      });
      expect([path, answer.status, /page\.(auditor|forbidden)/.test(answer.text)]).toEqual([path, 403, true]);
    }
    expect(await events()).toBe(before);
  });

  it('looks after its own account all the same', async () => {
    expect((await auditor.open(at('/account'))).text).not.toContain('You are an auditor');
    expect((await auditor.open(at('/account'))).status).toBe(200);
  });
});
