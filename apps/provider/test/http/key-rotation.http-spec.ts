import { keyKindNames } from '../../src/keys/key-kinds';
import { createLocalJWKSet, jwtVerify } from 'jose';
import { statement } from '@gatehouse/platform/database/store';
import { KeysService } from '../../src/keys/keys.service';
import { FirstStart } from '../../src/jobs/first-start.service';
import { KeyRotation } from '../../src/jobs/key-rotation.service';
import { obtainTokens } from '../support/tokens';
import { authorize, redeem, startProvider, type TestProvider } from '../support/provider';
import { send } from '../support/browser';

const day = 24 * 3600;

describe('signing keys', () => {
  let provider: TestProvider;
  beforeAll(
    async () =>
      (provider = await startProvider({
        env: {
          GATEHOUSE_KEY_SIGN_SECONDS: String(30 * day),
          GATEHOUSE_KEY_PREPUBLISH_SECONDS: String(2 * day),
          GATEHOUSE_KEY_RETIRE_SECONDS: String(3 * day),
          GATEHOUSE_SESSION_IDLE_LIFETIME: String(300 * day),
          GATEHOUSE_SESSION_LIFETIME: String(300 * day),
        },
      })),
  );
  afterAll(() => provider.close());

  const kids = async (): Promise<string[]> =>
    (await send(`${provider.issuer}/.well-known/jwks.json`))
      .json<{ keys: { kid: string }[] }>()
      .keys.map(({ kid }) => kid);

  it('are published before they sign, sign by schedule, and stay published while what they signed can be alive', async () => {
    const registered = await provider.addClient();
    const browser = await provider.logIn(await provider.addUser());
    const signedBy = async (): Promise<unknown> => {
      const { code, verifier } = await authorize(provider, browser, registered.client);
      const { id_token: idToken } = (await redeem(provider, registered, code, verifier)).json<{ id_token: string }>();
      return (JSON.parse(Buffer.from(idToken.split('.')[0] ?? '', 'base64url').toString()) as { kid: string }).kid;
    };
    const rotation = provider.app.get(KeyRotation);
    const first = await kids();
    const firstSigner = await signedBy();

    provider.clock.advance(28 * day - 60);
    expect(await rotation.rotate()).toEqual([]);
    provider.clock.advance(60);
    expect(await rotation.rotate()).toEqual(keyKindNames);
    expect(await rotation.rotate()).toEqual([]);
    const both = await kids();
    expect(both).toHaveLength(2 * keyKindNames.length);
    expect(await signedBy()).toBe(firstSigner);

    provider.clock.advance(2 * day);
    expect(await signedBy()).not.toBe(firstSigner);
    expect(await kids()).toEqual(both);

    provider.clock.advance(3 * day);
    expect(await kids()).toEqual(both.filter((kid) => !first.includes(kid)));
  });

  it('a database of an earlier version gets the kinds that it lacks, and its RSA key signs by PS too', async () => {
    const older = await startProvider();
    try {
      const jwks = async () =>
        (await send(`${older.issuer}/.well-known/jwks.json`)).json<{ keys: Record<string, string>[] }>().keys;
      await older.store.run(async (unit) => {
        await unit.change(statement('test.forget_keys', "DELETE FROM signing_keys WHERE algorithm <> 'RS256'"));
        // As 0.1.0 wrote it.
        await unit.change(
          statement(
            'test.old_key',
            `UPDATE signing_keys SET public_jwk = REPLACE(public_jwk, '"use"', '"alg":"RS256","use"')`,
          ),
        );
      });
      older.app.get(KeysService).forget();
      const [kept] = await jwks();
      expect(await jwks()).toHaveLength(1);
      await older.app.get(FirstStart).prepareKeys();
      const keys = await jwks();
      expect(keys).toHaveLength(keyKindNames.length);
      expect(keys.find((key) => key['kid'] === kept?.['kid'])).toEqual(kept);
      expect(kept).not.toHaveProperty('alg');

      const registered = await older.addClient({ idTokenSignedResponseAlg: 'PS256', consentRequired: false });
      const browser = await older.logIn(await older.addUser());
      const { id_token: idToken = '' } = await obtainTokens(older, browser, registered);
      const verified = await jwtVerify(idToken, createLocalJWKSet({ keys }), {
        algorithms: ['PS256'],
        currentDate: new Date(older.clock.milliseconds()),
      });
      expect(verified.protectedHeader.kid).toBe(kept?.['kid']);
    } finally {
      await older.close();
    }
  });
});
