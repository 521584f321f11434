import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { benchFolder } from '../lib/root.mjs';
import { makeSeed } from './seed.mjs';
import { makeSide } from './side.mjs';

/** A server in this folder, which creates clients and users at startup from the seed in its environment. */
async function createSide({ key, name, folder, program, paths }) {
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

/** The same work, hand-written on node:http. */
export function limit(folder) {
  return createSide({
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
  return createSide({
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
