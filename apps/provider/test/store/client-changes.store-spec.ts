import type { Client } from '@gatehouse/domain/oauth';
import { deviceCodeGrant } from '@gatehouse/domain/oauth';
import { ClientEntity } from '../../src/clients/client.entity';
import { ClientsService } from '../../src/clients/clients.service';
import { ConsentsService } from '../../src/consents/consents.service';
import { send, type Browser } from '../support/browser';
import { engines } from '../support/engines';
import {
  answerOf,
  authorizationRequest,
  authorize,
  authorizeUrl,
  post,
  redeem,
  startProvider,
  type TestProvider,
} from '../support/provider';
import { refresh, type Tokens } from '../support/tokens';
import { Operations } from '../../src/operations/operations';
import { UpdateClient } from '../../src/clients/operations/update-client';
import { SetClientState } from '../../src/clients/operations/set-client-state';

jest.setTimeout(60_000);

/** Each process keeps clients in its memory for up to a second after another process changed them. */
describe.each(engines)('a client that another process changed a moment ago, on %s', (name, engineOf) => {
  const engine = engineOf();
  let provider: TestProvider;
  let other: TestProvider;
  let browser: Browser;
  let userId: string;
  let client: Client;
  let secret: string;
  beforeAll(async () => {
    await engine.start();
    const databaseUrl = await engine.migratedUrl();
    const env = { GATEHOUSE_THROTTLE: 'off' };
    provider = await startProvider({ databaseUrl, env });
    other = await startProvider({ databaseUrl, env: { ...env, GATEHOUSE_SECRET_KEY: provider.secretKey } });
  });
  afterAll(async () => {
    await other.close();
    await provider.close();
    await engine.stop();
  });
  beforeEach(async () => {
    const user = await provider.addUser();
    userId = user.id;
    browser = await provider.logIn(user);
    ({ client, secret } = await provider.addClient({
      name: 'Weather',
      source: 'registration',
      grantTypes: ['authorization_code', 'refresh_token', deviceCodeGrant],
    }));
    // By then the process knows of what earlier tests changed, and keeps the client in its memory.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await provider.app.get(ClientsService).find(client.id);
  });

  const rows = () => provider.store.reader.getRepository(ClientEntity);
  /** What this process still has in its memory is as it was: no cache version is raised. */
  const changeRow = (change: Partial<Pick<ClientEntity, 'name' | 'disabledAt' | 'restrictedAt'>>): Promise<unknown> =>
    provider.store.run((unit) => unit.manager.getRepository(ClientEntity).update({ id: client.id }, change));
  const hasConsent = async (): Promise<boolean> =>
    (await provider.app.get(ConsentsService).find(userId, client.id)) !== undefined;
  const openPage = async (): Promise<void> => {
    const page = await browser.open(authorizeUrl(provider, authorizationRequest(client).parameters));
    expect(page.text).toContain('Weather');
  };
  const openDevicePage = async (): Promise<string> => {
    const Authorization = `Basic ${Buffer.from(`${client.id}:${secret}`).toString('base64')}`;
    const asked = await post(`${provider.base}/oauth/device`, { scope: 'openid' }, { Authorization });
    const { user_code: code, device_code: deviceCode } = asked.json<{ user_code: string; device_code: string }>();
    await browser.open(`${provider.issuer}/device`);
    expect((await browser.submit({ user_code: code })).text).toContain('Weather');
    return deviceCode;
  };

  describe.each([
    ['the consent page', openPage],
    ['the consent page of a device', openDevicePage],
  ])('is not allowed anything by %s', (_page, open) => {
    it('that showed it as it was, and is shown as it is', async () => {
      await open();
      await changeRow({ name: 'Your bank' });
      const answer = await browser.submit({ confirm: 'yes' });
      expect([answer.status, await hasConsent()]).toEqual([409, false]);
      expect(answer.text).toContain('Your bank');
      expect(answer.text).toContain('has changed since the page was opened');
      await browser.submit({ confirm: 'yes' });
      expect(await hasConsent()).toBe(true);
    });

    it('where it is gone', async () => {
      await open();
      await provider.store.run((unit) => unit.manager.getRepository(ClientEntity).delete({ id: client.id }));
      const answer = await browser.submit({ confirm: 'yes' });
      expect([answer.status, await rows().countBy({ id: client.id })]).toEqual([400, 0]);
      expect(answer.text).toContain('expired');
    });
  });

  it('is not allowed anything by a yes that comes while its identity changes', async () => {
    await openPage();
    let answer: ReturnType<Browser['submit']> | undefined;
    const actor = { kind: 'system', now: other.clock.now() } as const;
    await other.app.get(Operations).execute(
      UpdateClient,
      actor,
      { id: client.id, properties: { name: 'Your bank' } },
      {
        // The unit has changed the client and has not committed.
        alsoInUnit: async () => {
          answer = browser.submit({ confirm: 'yes' });
          // Long enough for the yes to reach the row that this unit holds. On SQLite a unit awaits nothing but the database,
          // and units wait for each other from their beginning.
          if (name === 'PostgreSQL') await new Promise((resolve) => setTimeout(resolve, 300));
        },
      },
    );
    expect([(await answer)?.status, await hasConsent()]).toEqual([409, false]);
  });

  it('is asked for again, where it was allowed and an operation changes its identity', async () => {
    await openPage();
    await browser.submit({ confirm: 'yes' });
    expect(await hasConsent()).toBe(true);
    await other.execute(UpdateClient, { id: client.id, properties: { name: 'Your bank' } });
    expect(await hasConsent()).toBe(false);
  });

  it.each([
    ['disabled', 'enable'],
    ['restricted', 'unrestrict'],
  ] as const)('has no grant left of those made while it was %s', async (state, lift) => {
    await changeRow(
      state === 'disabled' ? { disabledAt: provider.clock.now() } : { restrictedAt: provider.clock.now() },
    );
    const { code, verifier } = await authorize(provider, browser, client, { scope: 'openid offline_access' });
    const tokens = (await redeem(provider, { client, secret }, code, verifier)).json<Tokens>();
    expect(tokens.refresh_token).toBeDefined();
    await provider.execute(SetClientState, { id: client.id, decision: lift });
    const used = await send(`${provider.base}/oauth/userinfo`, {
      headers: { Authorization: `Bearer ${tokens.access_token}` },
    });
    const refreshed = await refresh(provider, { client, secret }, tokens.refresh_token ?? '');
    expect([used.status, refreshed.json()['error']]).toEqual([401, 'invalid_grant']);
    // People need not consent again to what they allowed.
    const again = authorizationRequest(client, { scope: 'openid offline_access', prompt: 'none' });
    expect(answerOf(await browser.open(authorizeUrl(provider, again.parameters))).has('code')).toBe(true);
  });
});
