import { Browser } from '../support/browser';
import {
  answerOf,
  authorizationRequest,
  authorizeUrl,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import type { Registered } from '../support/tokens';

describe('the limits of pending logins', () => {
  const begin = async (
    provider: TestProvider,
    registered: Registered,
    browser: Browser,
    overrides: Readonly<Record<string, string>> = {},
  ) => {
    const { parameters, proof } = authorizationRequest(registered.client, overrides);
    const page = await browser.open(authorizeUrl(provider, parameters));
    return { page, address: browser.address, proof, id: new URL(browser.address).searchParams.get('request') ?? '' };
  };

  it('the newest GATEHOUSE_PENDING_PER_BROWSER logins of a browser go on, and other browsers lose none', async () => {
    const provider = await startProvider({ env: { GATEHOUSE_PENDING_PER_BROWSER: '3' } });
    try {
      const registered = await provider.addClient({ consentRequired: false });
      const user = await provider.addUser();
      const stranger = new Browser();
      const theirs = await begin(provider, registered, stranger);
      const browser = new Browser();
      const begun = [];
      for (let index = 0; index < 5; index++)
        begun.push(await begin(provider, registered, browser, { state: `s${index}` }));
      Object.assign(browser, { page: begun[0]?.page, address: begun[0]?.address });
      // The oldest was dropped: its page continues with the newest.
      expect(answerOf(await browser.submit({ username: user.username, password: user.password })).get('state')).toBe(
        's4',
      );
      const states = [];
      for (const { id } of begun) {
        const answer = await browser.open(`${provider.issuer}/oauth/authorize/${encodeURIComponent(id)}`);
        states.push(answer.location === undefined ? answer.status : answerOf(answer).get('state'));
      }
      expect(states).toEqual([400, 400, 's2', 's3', 's4']);
      expect((await stranger.open(theirs.address)).text).toContain('Test client');
    } finally {
      await provider.close();
    }
  });

  describe('past the rate of an address a request rides sealed in its own id', () => {
    let provider: TestProvider;
    let registered: Registered;
    beforeAll(async () => {
      provider = await startProvider({ env: { GATEHOUSE_REQUEST_LIFETIME: '3600' } });
      registered = await provider.addClient({ name: 'Lost and found' });
      for (let round = 0; round < 12; round++)
        await Promise.all(Array.from({ length: 10 }, () => begin(provider, registered, new Browser())));
    });
    afterAll(() => provider.close());

    it('and ends in the client all the same, login and consent included', async () => {
      const user = await provider.addUser();
      const browser = new Browser();
      const begun = await begin(provider, registered, browser, { prompt: 'login consent', state: 'x'.repeat(500) });
      expect(begun.id).toMatch(/^s\./);
      expect(begun.page.text).toContain('Lost and found');
      await browser.submit({ username: user.username, password: user.password });
      expect(browser.address).toContain('/consent?request=s.');
      const answer = answerOf(await browser.submit({ confirm: 'yes' }));
      expect(answer.get('state')).toBe('x'.repeat(500));
      expect((await redeem(provider, registered, answer.get('code') ?? '', begun.proof.verifier)).status).toBe(200);
    });

    it('is worth nothing in another browser, when it was changed, or after its lifetime', async () => {
      const browser = new Browser();
      const begun = await begin(provider, registered, browser);
      const resume = (id: string) => `${provider.issuer}/oauth/authorize/${encodeURIComponent(id)}`;
      const other = new Browser();
      await other.open(`${provider.issuer}/login`);
      expect((await other.open(resume(begun.id))).status).toBe(400);
      const middle = Math.floor(begun.id.length / 2);
      const changed = begun.id.slice(0, middle) + (begun.id[middle] === 'A' ? 'B' : 'A') + begun.id.slice(middle + 1);
      expect((await browser.open(resume(changed))).status).toBe(400);
      expect((await browser.open(resume(begun.id))).status).toBe(200);
      const later = browser.clone();
      provider.clock.advance(3600);
      expect((await later.open(resume(begun.id))).status).toBe(400);
      provider.clock.advance(-3600);
    });

    it('returns 429 with Retry-After to one that is too large for that', async () => {
      const answer = await new Browser().open(
        authorizeUrl(
          provider,
          authorizationRequest(registered.client, {
            state: 'x'.repeat(2000),
            nonce: 'n'.repeat(1000),
            acr_values: 'a'.repeat(200),
            login_hint: 'y'.repeat(300),
          }).parameters,
        ),
      );
      expect(answer.status).toBe(429);
      expect(answer.text).toContain('request.too_many');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    });

    it('does not affect another address', async () => {
      const begun = await begin(provider, registered, new Browser({ localAddress: '127.0.0.77' }));
      expect(begun.id).not.toMatch(/^s\./);
    });
  });
});
