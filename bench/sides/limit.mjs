import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from '../lib/root.mjs';
import { makeSeed } from './seed.mjs';
import { makeSide } from './side.mjs';

/** A server of the bench's own: it makes the clients and the people at its start, from the seed in its environment. */
async function ownSide({ key, name, folder, program, paths }) {
  mkdirSync(folder, { recursive: true });
  const seed = await makeSeed();
  return makeSide({
    key,
    name,
    paths,
    client: seed.client,
    keepingClient: seed.keepingClient,
    cwd: folder,
    command: [join(benchFolder, 'sides', program)],
    environment: (port) => ({
      BENCH_PORT: String(port),
      BENCH_DATABASE: join(folder, 'store.sqlite'),
      BENCH_SEED: JSON.stringify(seed),
    }),
    logPath: join(folder, 'server.log'),
  });
}

/** The same work by hand on node:http, and nothing else. */
export function limit(folder) {
  return ownSide({
    key: 'limit',
    name: 'limit (bare node:http, SQLite)',
    folder,
    program: 'limit-server.mjs',
    paths: {
      discovery: '/.well-known/openid-configuration',
      jwks: '/jwks',
      token: '/token',
      introspect: '/introspect',
      userinfo: '/userinfo',
      authorize: '/authorize',
      hash: '/hash',
    },
  });
}

export function oidcProvider(folder) {
  return ownSide({
    key: 'oidc-provider',
    name: 'node-oidc-provider (SQLite)',
    folder,
    program: 'oidc-provider-server.mjs',
    paths: {
      discovery: '/.well-known/openid-configuration',
      jwks: '/jwks',
      token: '/token',
      introspect: '/token/introspection',
      userinfo: '/me',
      authorize: '/auth',
    },
  });
}
