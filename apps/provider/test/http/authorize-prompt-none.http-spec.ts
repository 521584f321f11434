import { authenticationContexts } from '@gatehouse/domain/oauth';
import { ConsentsService } from '../../src/consents/consents.service';
import { Browser, send } from '../support/browser';
import { answerOf, authorizationRequest, authorizeUrl, startProvider, type TestProvider } from '../support/provider';
import { obtainTokens, type Registered } from '../support/tokens';
import { openAuthorization, personWithConsent } from '../support/person-with-consent';

const [, multiFactor, password] = authenticationContexts;

describe('an authorization request that may show no page', () => {
  let provider: TestProvider;
  beforeAll(async () => (provider = await startProvider()));
  afterAll(() => provider.close());

  const knownPerson = () => personWithConsent(provider);
  const open = (...request: [Browser, Registered, Readonly<Record<string, string>>?]) =>
    openAuthorization(provider, ...request);

  describe('prompt=none (OpenID Connect Core 3.1.2.6)', () => {
    it('returns login_required without a session, without a page', async () => {
      const registered = await provider.addClient();
      const answer = await new Browser().send(
        authorizeUrl(provider, authorizationRequest(registered.client, { prompt: 'none' }).parameters),
      );
      expect(answer.status).toBe(303);
      expect(answerOf(answer).get('error')).toBe('login_required');
    });

    it('answers consent_required where the person has not allowed it', async () => {
      const browser = await provider.logIn(await provider.addUser());
      expect(answerOf(await open(browser, await provider.addClient(), { prompt: 'none' })).get('error')).toBe(
        'consent_required',
      );
    });

    it('answers a code where login and consent are there', async () => {
      const { browser, registered } = await knownPerson();
      expect(answerOf(await open(browser, registered, { prompt: 'none' })).has('code')).toBe(true);
    });

    it('returns login_required where the login is older than max_age', async () => {
      const { browser, registered } = await knownPerson();
      provider.clock.advance(100);
      expect(answerOf(await open(browser, registered, { prompt: 'none', max_age: '100' })).get('error')).toBe(
        'login_required',
      );
      expect(answerOf(await open(browser, registered, { prompt: 'none', max_age: '101' })).has('code')).toBe(true);
    });

    it('returns login_required when the id_token_hint is of another person, and a code when it is of this one', async () => {
      const { browser, registered, idToken } = await knownPerson();
      const other = await provider.logIn(await provider.addUser());
      const theirs = await obtainTokens(provider, other, registered, { scope: 'openid profile' });
      expect(answerOf(await open(browser, registered, { prompt: 'none', id_token_hint: idToken })).has('code')).toBe(
        true,
      );
      expect(
        answerOf(await open(browser, registered, { prompt: 'none', id_token_hint: theirs.id_token ?? '' })).get(
          'error',
        ),
      ).toBe('login_required');
    });

    const errorOf = (answer: Awaited<ReturnType<typeof open>>): string => {
      const parameters = answerOf(answer);
      return `${parameters.get('error')}: ${parameters.get('error_description')}`;
    };

    it('tells a client that the person has not allowed nothing about who is logged in, when and how', async () => {
      const { registered, user, idToken } = await knownPerson();
      const elsewhere = await provider.logIn(await provider.addUser());
      const there = await provider.logIn(user);
      // The person takes the consent back; the client still has the hint.
      await provider.store.run((unit) =>
        provider.app.get(ConsentsService).withdraw(unit, user.id, registered.client.id, provider.clock.now()),
      );
      const bySub = (sub: string) => JSON.stringify({ id_token: { sub: { value: sub } } });
      const questions: Record<string, string>[] = [
        { id_token_hint: idToken },
        { claims: bySub(user.id) },
        { claims: bySub('somebody else') },
        { max_age: '1000' },
        { acr_values: password },
        { acr_values: multiFactor },
      ];
      for (const question of questions) {
        const asked = { scope: 'openid profile', prompt: 'none', ...question };
        const answers = [there, elsewhere, new Browser()].map((browser) =>
          open(browser, registered, asked).then(errorOf),
        );
        expect(new Set(await Promise.all(answers))).toEqual(new Set(['login_required: Nobody is logged in.']));
      }
      expect(errorOf(await open(there, registered, { scope: 'openid profile', prompt: 'none' }))).toMatch(
        /^consent_required: /,
      );
    });

    it('says what is missing to a client that the person has allowed (RFC 9470 5)', async () => {
      const { browser, registered } = await knownPerson();
      const ask = async (more: Record<string, string>) =>
        errorOf(await open(browser, registered, { prompt: 'none', ...more }));
      expect(await ask({ acr_values: multiFactor })).toMatch(/^login_required: .*acr_values/);
      provider.clock.advance(10);
      expect(await ask({ max_age: '10' })).toMatch(/^login_required: .*max_age/);
    });

    it('accepts no other JWT of this server as id_token_hint, such as a signed UserInfo response', async () => {
      const signing = await provider.addClient({ consentRequired: false, userinfoSignedResponseAlg: 'RS256' });
      const browser = await provider.logIn(await provider.addUser());
      const { access_token: token } = await obtainTokens(provider, browser, signing);
      const headers = { Authorization: `Bearer ${token}` };
      const jwt = (await send(`${provider.base}/oauth/userinfo`, { headers })).text;
      expect(jwt.split('.')).toHaveLength(3);
      const answer = answerOf(await open(browser, signing, { prompt: 'none', id_token_hint: jwt }));
      expect([answer.get('error'), answer.has('code')]).toEqual(['invalid_request', false]);
    });

    it('still knows the person of an expired id_token_hint', async () => {
      const { browser, registered, idToken } = await knownPerson();
      provider.clock.advance(4000);
      expect(answerOf(await open(browser, registered, { prompt: 'none', id_token_hint: idToken })).has('code')).toBe(
        true,
      );
    });

    it('returns login_required after the session was idle for its lifetime', async () => {
      const { browser, registered } = await knownPerson();
      provider.clock.advance(8 * 24 * 3600);
      expect(answerOf(await open(browser, registered, { prompt: 'none' })).get('error')).toBe('login_required');
    });
  });
});
