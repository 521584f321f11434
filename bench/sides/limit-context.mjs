import { openLimitStore } from './limit-store.mjs';
import { sha256 } from './limit-tokens.mjs';

const { BENCH_PORT, BENCH_DATABASE, BENCH_SEED } = process.env;
export const port = Number(BENCH_PORT);
export const seed = JSON.parse(BENCH_SEED);
export const issuer = `http://127.0.0.1:${BENCH_PORT}`;
export const store = openLimitStore(BENCH_DATABASE);
export const clients = new Map(
  [seed.client, seed.keepingClient].map(({ id, secret }) => [
    id,
    {
      id,
      secretHash: sha256(secret),
      redirectUri: seed.redirectUri,
      scope: new Set(seed.scope.split(' ')),
      rotates: id === seed.client.id,
    },
  ]),
);
seed.users.forEach((user, index) => {
  const id = `user-${index}`;
  store.insertUser.run(id, user.username, user.passwordHash, user.email, 1_760_000_000);
  for (const clientId of clients.keys()) store.insertConsent.run(id, clientId, seed.scope);
});

export const accessSeconds = 3600;
export const refreshSeconds = 30 * 86_400;
export const now = () => Math.floor(Date.now() / 1000);
