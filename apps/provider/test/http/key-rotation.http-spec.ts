import { keyKindNames } from '../../src/keys/key-kinds';
import { KeyRotation } from '../../src/ops/key-rotation.service';
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
});
