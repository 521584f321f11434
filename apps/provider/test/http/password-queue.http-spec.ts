import { Invitations } from '../../src/users/invitations/invitations.service';
import { OneTimeLinks } from '../../src/users/credentials/one-time-links.service';
import { Browser, type Answer } from '../support/browser';
import { gateStrength, type GatedStrength } from '../support/gated-strength';
import { startProvider, type TestProvider } from '../support/provider';

const password = 'a long enough phrase 1';
/** Of the queue of estimates: what requests wait for of which only the address is known. */
const anonymousPlaces = 25;

describe('while one IPv6 network floods the estimates of passwords', () => {
  let provider: TestProvider;
  let gate: GatedStrength;
  let flood: Promise<Answer>[];
  let answered = 0;
  beforeAll(async () => {
    provider = await startProvider({
      env: { GATEHOUSE_SIGN_UP: 'open', GATEHOUSE_TRUSTED_PROXIES: '127.0.0.0/8' },
    });
    gate = gateStrength(provider);
    const form = await open('/sign-up', '192.0.2.1');
    flood = Array.from({ length: 120 }, async (_each, index) => {
      const address = `2001:db8:0:${index.toString(16)}::1`;
      const answer = await copyOf(form).submit(
        { username: fresh(), password },
        { headers: { 'X-Forwarded-For': address } },
      );
      answered += 1;
      return answer;
    });
    // One is being estimated.
    await until(() => answered + gate.backlog + 1 >= flood.length);
  }, 60_000);
  afterAll(async () => {
    gate.open();
    await Promise.all(flood);
    await gate.end();
    await provider.close();
  });

  let names = 0;
  const fresh = (): string => `newcomer-${++names}`;

  async function open(path: string, address: string): Promise<Browser> {
    const browser = new Browser({ headers: { 'X-Forwarded-For': address } });
    await browser.open(path.startsWith('http') ? path : provider.issuer + path);
    return browser;
  }

  it('others sign up, change their password, and use links and invitations', async () => {
    const newcomers = await Promise.all(
      ['198.51.100.7', '203.0.113.8', '2001:db8:9::1', '2001:db8:a::1'].map((address) => open('/sign-up', address)),
    );
    const user = await provider.addUser({ roles: ['admin'] });
    const signedIn = await provider.logIn(user, new Browser({ headers: { 'X-Forwarded-For': '2001:db8:0:7::1' } }));
    await signedIn.open(`${provider.issuer}/account`);
    const forgetful = await provider.addUser();
    const [link, invitation] = await provider.store.run(async (unit) => [
      await provider.app
        .get(OneTimeLinks)
        .create(unit, { userId: forgetful.id, purpose: 'set-password' }, provider.clock.now()),
      await provider.app
        .get(Invitations)
        .invite(unit, { email: 'guest@people.test', roles: ['user'], createdBy: undefined }, provider.clock.now()),
    ]);
    // From within the network of the flood, too.
    const [linked, invited] = [await open(link, '2001:db8:0:1::1'), await open(invitation, '2001:db8:0:2::1')];
    const [answeredBefore, honest] = [answered, [] as number[]];
    const note = async (asked: Promise<Answer>) => void honest.push((await asked).status);
    const all = [
      ...newcomers.map((each) => note(each.submit({ username: fresh(), password }))),
      note(
        signedIn.submit(
          { action: 'password', currentPassword: user.password, newPassword: password },
          { action: '/account' },
        ),
      ),
      note(linked.submit({ password })),
      note(invited.submit({ username: fresh(), password })),
    ];
    // A place each: for the newcomers one of the flood's, for the others their own.
    await until(() => honest.length + (answered - answeredBefore) + (gate.backlog - anonymousPlaces) >= all.length);
    gate.open();
    await Promise.all(all);
    expect(honest).toEqual(all.map(() => 200));
  }, 60_000);

  it('the surplus of the flood is answered with 429 or 503 and Retry-After', async () => {
    gate.open();
    const refused = (await Promise.all(flood)).filter(({ status }) => status !== 200);
    expect(refused.length).toBeGreaterThanOrEqual(flood.length - anonymousPlaces - 1);
    for (const { status, headers } of refused) {
      expect([429, 503]).toContain(status);
      expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    }
  }, 60_000);
});

/** However slow the machine is: the test's own timeout bounds it. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** With the page that is open in it. */
function copyOf(browser: Browser): Browser {
  return Object.assign(browser.clone(), { page: browser.page, address: browser.address });
}
