import { Browser } from './browser';
import { authorizationRequest, authorizeUrl, type TestProvider } from './provider';
import { obtainTokens, type Registered } from './tokens';

/** A user who is signed in, and has allowed the client openid and profile before. */
export async function personWithConsent(provider: TestProvider): Promise<{
  browser: Browser;
  registered: Registered;
  user: { id: string; username: string; password: string };
  idToken: string;
}> {
  const user = await provider.addUser();
  const registered = await provider.addClient();
  const browser = await provider.logIn(user);
  const { id_token: idToken = '' } = await obtainTokens(provider, browser, registered, { scope: 'openid profile' });
  return { browser, registered, user, idToken };
}

/** Opens an authorization request of the client, with these parameters changed or added. */
export const openAuthorization = (
  provider: TestProvider,
  browser: Browser,
  registered: Registered,
  overrides: Readonly<Record<string, string>> = {},
) => browser.open(authorizeUrl(provider, authorizationRequest(registered.client, overrides).parameters));
