import { Person } from './person.mjs';
import { Unexpected } from './unexpected.mjs';

// Checks whether a change was made, for the ledger of Changes: `done`, `not done`, or in words what contradicts itself. In a copy
// of the database a change is there as a whole or not at all. Asking changes nothing where the change was made.

export async function signsIn(site, username) {
  return (await canSignIn(new Person(site, username))) ? 'done' : 'not done';
}

export async function tokenRevoked({ provider, accessTokens }) {
  const answer = await provider.asClient('/oauth/introspect', { token: accessTokens.at(-1) });
  if (answer.status !== 200) throw new Unexpected('/oauth/introspect', answer);
  return JSON.parse(answer.text).active === true ? 'not done' : 'done';
}

export async function grantRevoked(chain) {
  if (!(await isRefused(chain))) return 'not done';
  return contradiction({ 'a refresh': await refuses(chain, 'invalid_grant') });
}

/** Its tokens and its session are refused for good; signing in is, until it is enabled again. */
export async function userDisabled({ id, browser, chain, api, mayBeEnabled }) {
  const user = await api.find(`users/${id}`);
  const refused = await isRefused(chain);
  if (user?.disabled !== true && !(mayBeEnabled && refused)) return 'not done';
  return contradiction({
    UserInfo: refused,
    'a refresh': await refuses(chain, 'invalid_grant'),
    'the session': !(await browser.copy().isLoggedIn()),
    'a sign-in': mayBeEnabled || !(await canSignIn(browser)),
  });
}

export async function userEnabled(user) {
  const disabled = await userDisabled(user);
  if (disabled !== 'done') return disabled;
  const { disabled: off } = await user.api.find(`users/${user.id}`);
  if (off) return 'not done';
  return contradiction({ 'a sign-in': await canSignIn(user.browser) });
}

/** Its tokens are refused for good; everything else is, until it is enabled again. */
export async function clientDisabled({ id, browser, chain, api, mayBeEnabled }) {
  const client = await api.find(`clients/${id}`);
  const refused = await isRefused(chain);
  if (client?.disabled !== true && !(mayBeEnabled && refused)) return 'not done';
  return contradiction({
    UserInfo: refused,
    'a refresh': await refuses(chain, client.disabled ? 'invalid_client' : 'invalid_grant'),
    'an authorization': !client.disabled || !(await canAuthorize(browser)),
  });
}

export async function clientEnabled(client) {
  const disabled = await clientDisabled(client);
  if (disabled !== 'done') return disabled;
  const { disabled: off } = await client.api.find(`clients/${client.id}`);
  if (off) return 'not done';
  return contradiction({ 'an authorization': await canAuthorize(client.browser) });
}

/** Whether the access token is. */
async function isRefused({ provider, accessTokens }) {
  const headers = { authorization: `Bearer ${accessTokens.at(-1)}` };
  const answer = await provider.http.send('/oauth/userinfo', { headers });
  if (answer.status !== 200 && answer.status !== 401) throw new Unexpected('/oauth/userinfo', answer);
  return answer.status === 401;
}

async function refuses({ provider, refreshToken }, error) {
  const answer = await provider.refresh(refreshToken);
  if (answer.status >= 429) throw new Unexpected('/oauth/token', answer);
  return answer.status !== 200 && JSON.parse(answer.text).error === error;
}

function canSignIn(person) {
  return succeeds(() => person.another().logIn());
}

function canAuthorize(person) {
  return succeeds(() => person.copy().authorize());
}

/** @throws when the answer is no refusal but an error of the server, or of a limit */
async function succeeds(attempt) {
  try {
    await attempt();
    return true;
  } catch (error) {
    if (error instanceof Unexpected && error.answer.status < 429) return false;
    throw error;
  }
}

/** @param parts whether each agrees that the change was made */
function contradiction(parts) {
  const wrong = Object.keys(parts).filter((name) => !parts[name]);
  return wrong.length === 0 ? 'done' : `made, but not for ${wrong.join(', ')}`;
}
