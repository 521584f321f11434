import { eventually } from './time.mjs';

/**
 * While a disk takes no writes: readiness says so, and a login is refused with 503 and Retry-After.
 * @param fill fills the disk again: the log may free a page for a small write
 */
export async function checkWritesRefused(report, provider, person, fill = () => undefined) {
  let status;
  const isRefused = async () => {
    fill();
    ({ status } = await provider.http.send('/readyz'));
    return status === 503;
  };
  report.check('readiness says so', await eventually(isRefused, 5_000, 100), `${status}`);
  const login = await person
    .another()
    .logIn()
    .then(
      () => undefined,
      (error) => error.answer,
    );
  report.check(
    'a login is refused with 503 and Retry-After',
    login?.status === 503 && login.headers['retry-after'] !== undefined,
    `${login?.status}`,
  );
}

/** And everything that only reads is answered. */
export async function checkReads(report, provider, token) {
  const reads = {
    discovery: () => provider.http.send('/.well-known/openid-configuration'),
    'the keys': () => provider.http.send('/.well-known/jwks.json'),
    introspection: () => provider.asClient('/oauth/introspect', { token }),
    userinfo: () => provider.http.send('/oauth/userinfo', { headers: { authorization: `Bearer ${token}` } }),
    health: () => provider.http.send('/healthz'),
  };
  for (const [name, read] of Object.entries(reads)) {
    const statuses = new Set();
    for (let turn = 0; turn < 10; turn++) statuses.add((await read()).status);
    report.check(`reads go on: ${name}`, [...statuses].join() === '200', [...statuses].join());
  }
}
