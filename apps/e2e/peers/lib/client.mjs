import { temporaryFolder, sqliteIn } from '../../chaos/lib/folder.mjs';
import { Provider } from '../../chaos/lib/provider.mjs';
import { Visitor } from './visitor.mjs';

export const redirectUri = 'https://client.example/callback';
export const postLogoutRedirectUri = 'https://client.example/bye';

/** A provider with a client and a person who is logged in, and the environment that a peer is told of them. */
export async function providerForPeer() {
  const provider = await Provider.at(sqliteIn(temporaryFolder()));
  provider.client = await addClient(provider);
  const visitor = await Visitor.loggedIn(provider, 'ada');
  return { provider, visitor, env: environmentFor(provider) };
}

export async function addClient(provider, more = []) {
  const client = await provider.command([
    ...['client', 'add', '--name', 'Peer', '--redirect-uri', redirectUri, '--json'],
    ...['--post-logout-redirect-uri', postLogoutRedirectUri],
    ...['--grant-type', 'authorization_code', '--grant-type', 'refresh_token'],
    ...['--scope', 'openid profile offline_access stock', ...more],
  ]);
  return { ...client, redirect_uri: redirectUri };
}

function environmentFor({ base, client }) {
  return {
    ISSUER: base,
    CLIENT_ID: client.client_id,
    CLIENT_SECRET: client.client_secret,
    REDIRECT_URI: redirectUri,
    POST_LOGOUT_REDIRECT_URI: postLogoutRedirectUri,
    USERNAME: 'ada',
  };
}
