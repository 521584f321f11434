import { availableParallelism } from 'node:os';
import { Browser, type Answer } from '../support/browser';
import { startProvider, type TestProvider } from '../support/provider';
import { PasswordHasher } from '../../src/users/credentials/password-hasher';

interface Flood {
  /** Every answer that there was. */
  stop(): Promise<readonly Answer[]>;
}

type Person = { readonly username: string; readonly password: string };

/** More than wait for a slot at most (64 for each core), so that one sender alone could fill the queue. */
const flood = 80 * availableParallelism();
const bystanders = 12;

describe('many sign-ins at once', () => {
  let provider: TestProvider;
  // So many failures are allowed that only what is in flight decides.
  beforeAll(async () => (provider = await startProvider({ env: { GATEHOUSE_LOGIN_FAILURES: '100000/900' } })));
  afterAll(() => provider.close());

  let machines = 0;
  const otherAddress = (): string => `127.21.${++machines >> 8}.${machines & 255}`;

  async function ready(localAddress = otherAddress()): Promise<Browser> {
    const browser = new Browser({ localAddress });
    await browser.open(`${provider.issuer}/login`);
    return browser;
  }

  /** Sends the form of one browser over and over, so many at once, until it is stopped. */
  async function floodFrom(localAddress: string, nameOf: (index: number) => string, password: string): Promise<Flood> {
    const browser = await ready(localAddress);
    const answers: Answer[] = [];
    let isOver = false;
    let sent = 0;
    const all = Array.from({ length: flood }, async () => {
      do answers.push(await copyOf(browser).submit({ username: nameOf(sent++), password }));
      while (!isOver);
    });
    const isAtItsHeight = () =>
      answers.length >= flood || provider.app.get(PasswordHasher).backlog >= 60 * availableParallelism();
    while (!isAtItsHeight()) await new Promise((resolve) => setTimeout(resolve, 5));
    return {
      stop: async () => {
        isOver = true;
        await Promise.all(all);
        return answers;
      },
    };
  }

  /** What people at other addresses are answered, who sign in all at once. */
  async function signIn(people: readonly Person[], browsers: readonly Browser[]): Promise<number[]> {
    const answers = await Promise.all(
      people.map(async ({ username, password }, index) => browsers[index]?.submit({ username, password })),
    );
    return answers.map((answer) => answer?.status ?? 0);
  }

  function expectTurnedAway(refused: readonly Answer[]): void {
    expect(refused.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer.status).toBe(429);
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
  }

  const people = () => Promise.all(Array.from({ length: bystanders }, () => provider.addUser()));

  it('of one account from one address leave room for others; the surplus is 429 with Retry-After', async () => {
    const [attacker, served] = [await provider.addUser(), await people()];
    const browsers = await Promise.all(served.map(() => ready()));
    const { stop } = await floodFrom(otherAddress(), () => attacker.username, attacker.password);
    const statuses = await signIn(served, browsers);
    const answers = await stop();
    expect(statuses).toEqual(served.map(() => 200));
    expect(answers.some(({ status }) => status === 200)).toBe(true);
    expectTurnedAway(answers.filter(({ status }) => status !== 200));
  }, 120_000);

  it('of many accounts from one address leave room for others; the surplus is 429 with Retry-After', async () => {
    const served = await people();
    const browsers = await Promise.all(served.map(() => ready()));
    const { stop } = await floodFrom(otherAddress(), (index) => `sprayed-${index}`, 'Summer2026!');
    const statuses = await signIn(served, browsers);
    const answers = await stop();
    expect(statuses).toEqual(served.map(() => 200));
    expectTurnedAway(answers.filter(({ status }) => status !== 401));
  }, 120_000);

  it('count no longer once they were answered', async () => {
    const user = await provider.addUser();
    const address = otherAddress();
    await (await floodFrom(address, () => user.username, 'a wrong password')).stop();
    const browser = await ready(address);
    expect((await browser.submit({ username: user.username, password: user.password })).status).toBe(200);
  }, 120_000);
});

/** With the page that is open in it. */
function copyOf(browser: Browser): Browser {
  return Object.assign(browser.clone(), { page: browser.page, address: browser.address });
}
