import { epochSeconds } from '../src/kernel/index.js';
import type { Client } from '../src/oauth/client.js';
import { plainMetadata } from '../src/oauth/client-metadata.js';
import { checkedColumns, clientFlagsBy } from '../src/oauth/client-properties.js';

/** A client for specs: confidential, with all grant types and scopes. */
export function aClient(changes: Partial<Client> = {}): Client {
  return {
    ...plainMetadata,
    ...clientFlagsBy((name) => checkedColumns[name].default),
    id: 's6BhdRkqt3',
    name: 'Example',
    type: 'confidential',
    applicationType: 'web',
    authMethod: 'client_secret_basic',
    redirectUris: ['https://client.example.com/cb', 'https://client.example.com/other?a=b'],
    defaultRedirectUri: 'https://client.example.com/cb',
    postLogoutRedirectUris: ['https://client.example.com/bye'],
    grantTypes: ['authorization_code', 'refresh_token'],
    responseTypes: ['code'],
    scope: ['openid', 'profile', 'email', 'offline_access', 'read'],
    defaultScope: ['read'],
    idTokenSignedResponseAlg: 'RS256',
    source: 'admin',
    approvedAt: epochSeconds(1_800_000_000),
    tokenExchange: [],
    createdAt: epochSeconds(1_800_000_000),
    ...changes,
  };
}
