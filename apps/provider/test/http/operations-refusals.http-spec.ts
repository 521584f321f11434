import { statement } from '@gatehouse/platform/database/store';
import { callerOf } from '../support/admin-api';
import type { Answer, Browser } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { obtainTokens } from '../support/tokens';

interface Places {
  /** The form of a page: its path and fields. */
  readonly page: readonly [path: string, fields?: Readonly<Record<string, string>>];
  /** The same act at the API. */
  readonly api: readonly [method: string, path: string, body?: object];
  /** It takes access away, and gives none. */
  readonly needsNoRecentSignIn?: true;
}

/** Acts that both a page and the API offer, with a user, a client, an API and an issuer that there are. */
const acts: Readonly<Record<string, Places>> = {
  CreateUser: { page: ['/user/add', { username: 'made', role: 'user' }], api: ['POST', 'users', { username: 'made' }] },
  UpdateUser: { page: ['/user/update/USER', { username: 'other' }], api: ['PATCH', 'users/USER', { name: 'Other' }] },
  DeleteUser: { page: ['/user/delete/USER', { username: 'victim' }], api: ['DELETE', 'users/USER'] },
  SetUserState: { page: ['/user/disable/USER'], api: ['POST', 'users/USER/disable'] },
  MakePasswordLink: { page: ['/user/link/USER'], api: ['POST', 'users/USER/password-link'] },
  ResetSecondFactors: {
    page: ['/user/factors/USER', { username: 'victim' }],
    api: ['POST', 'users/USER/reset-factors'],
  },
  InvitePeople: {
    page: ['/user/invite', { emails: 'new@people.test', role: 'user', action: 'invite' }],
    api: ['POST', 'invitations', { emails: ['new@people.test'] }],
  },
  DeleteClient: { page: ['/client/delete/CLIENT', { name: 'Target' }], api: ['DELETE', 'clients/CLIENT'] },
  RotateClientSecret: {
    page: ['/client/secret/CLIENT', { overlap: '0' }],
    api: ['POST', 'clients/CLIENT/rotate-secret', {}],
  },
  EnableClient: { page: ['/client/state/CLIENT', { action: 'enable' }], api: ['POST', 'clients/CLIENT/enable'] },
  DisableClient: {
    page: ['/client/state/CLIENT', { action: 'disable' }],
    api: ['POST', 'clients/CLIENT/disable'],
    needsNoRecentSignIn: true,
  },
  CreateResource: {
    page: ['/resource/add', { identifier: 'urn:made', name: 'Made' }],
    api: ['POST', 'resources', { identifier: 'urn:made', name: 'Made' }],
  },
  CreateIssuer: {
    page: ['/issuer/add', { issuer: 'urn:x', name: 'X', jwksUri: 'https://k.example/', clients: 'any', scope: 'a' }],
    api: ['POST', 'issuers', { issuer: 'urn:x' }],
  },
  RotateKeys: { page: ['/key', { action: 'rotate' }], api: ['POST', 'keys/rotate', {}] },
};

describe.each(Object.entries(acts))('%s', (_name, { page, api, needsNoRecentSignIn }) => {
  let provider: TestProvider;
  let targets: Readonly<Record<string, string>>;

  beforeAll(async () => {
    provider = await shared();
    targets = await targetsOf(provider);
  });

  it.each([
    ['an ordinary user', ['user'], 0, { page: 403, api: 403 }],
    ['an auditor', ['auditor'], 0, { page: 403, api: 403 }],
    ['an administrator of an old session', ['admin'], 601, { page: 'sign-in', api: 'sign-in' }],
  ])('refuses %s alike at the page and at the API, and changes nothing', async (_who, roles, age, expected) => {
    const { browser, call, csrf } = await sender(provider, roles);
    provider.clock.advance(age);
    const before = await countChanges(provider);
    const named = (path: string): string => path.replace(/[A-Z]{3,}/, (word) => targets[word] ?? word);
    const [path, fields] = page;
    const atPage = await browser.send(provider.base + named(path), {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', Origin: provider.issuer },
      body: new URLSearchParams({ ...fields, csrf }).toString(),
    });
    const [method, resource, body] = api;
    const atApi = await call(method, named(resource), body);
    if (age > 0 && needsNoRecentSignIn) {
      expect([atPage.status, atApi.status]).toEqual([303, 200]);
      expect(await countChanges(provider)).toBeGreaterThan(before);
      return;
    }
    expect({ page: pageAnswer(atPage), api: apiAnswer(atApi) }).toEqual(expected);
    expect(await countChanges(provider)).toBe(before);
  });
});

let running: Promise<TestProvider> | undefined;
function shared(): Promise<TestProvider> {
  running ??= startProvider({ env: { GATEHOUSE_THROTTLE: 'off', GATEHOUSE_SIGN_UP: 'invitation' } });
  return running;
}
afterAll(async () => (await running)?.close());

let made: Promise<Readonly<Record<string, string>>> | undefined;
function targetsOf(provider: TestProvider): Promise<Readonly<Record<string, string>>> {
  made ??= (async () => {
    const user = await provider.addUser({ username: 'victim' });
    const { client } = await provider.addClient({ name: 'Target' });
    return { USER: user.id, CLIENT: client.id };
  })();
  return made;
}

/** Somebody at a page, and by a token that a client got for them. */
async function sender(
  provider: TestProvider,
  roles: string[],
): Promise<{ browser: Browser; csrf: string; call: ReturnType<typeof callerOf>['call'] }> {
  const user = await provider.addUser({ roles });
  const browser = await provider.logIn(user);
  const scope = ['openid', 'gatehouse:admin'];
  const console = await provider.addClient({ name: 'Console', scope });
  const tokens = await obtainTokens(provider, browser, console, { scope: 'gatehouse:admin' });
  const profile = await browser.open(`${provider.base}/account/profile`);
  const csrf = /name="csrf" value="([^"]+)"/.exec(profile.text)?.[1] ?? '';
  return { browser, csrf, call: callerOf(provider, tokens.access_token).call };
}

/** Refused access is an event of its own. */
async function countChanges(provider: TestProvider): Promise<number> {
  const count = statement('test.count_changes', `SELECT count(*) AS n FROM audit_events WHERE type <> 'access.denied'`);
  return Number((await provider.store.one<{ n: number | string }>(count))?.n);
}

function pageAnswer({ status, location }: Answer): number | string {
  return status === 303 && /\/login\?next=[^&]+&prompt=login$/.test(location ?? '') ? 'sign-in' : status;
}

/** A step-up challenge (RFC 9470 3), or the status of a problem document. */
function apiAnswer({ status, headers }: Answer): number | string {
  expect(headers['content-type']).toBe('application/problem+json');
  const isStepUp = String(headers['www-authenticate']).includes('error="insufficient_user_authentication"');
  return status === 401 && isStepUp ? 'sign-in' : status;
}
