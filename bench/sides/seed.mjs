import { randomBytes } from 'node:crypto';
import { hash } from '@node-rs/argon2';

/** OWASP's second recommended parameter set for Argon2id, which Gatehouse uses. */
export const argon2Parameters = { memoryCost: 19456, timeCost: 2, parallelism: 1 };
export const redirectUri = 'https://client.example/callback';
export const scope = 'openid profile email offline_access';
export const password = 'correct horse battery staple';
/** The APIs of the benchmark: one accepts ES256 JWTs, one opaque tokens. */
export const jwtApi = 'https://jwt.bench.example/';
export const opaqueApi = 'https://opaque.bench.example/';
export const apiScope = 'read';
export const usernames = ['anna', 'bert', 'carla', 'dirk'];

/** The clients and users that the servers in this folder create at startup. */
export async function makeSeed() {
  const users = await Promise.all(
    usernames.map(async (username) => ({
      username,
      email: `${username}@example.org`,
      passwordHash: await hash(password, argon2Parameters),
    })),
  );
  const client = (id) => ({ id, secret: randomBytes(32).toString('base64url') });
  return { client: client('bench-client'), keepingClient: client('bench-keeping-client'), redirectUri, scope, users };
}
