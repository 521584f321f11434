import type { Person } from './person.js';

/** Makes an account by the provider's own form, without a browser: most tests only need somebody to be there. */
export async function signUp(issuer: string, { username, password }: Person): Promise<void> {
  const page = await fetch(`${issuer}/sign-up`);
  const cookie = page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
  const answer = await fetch(`${issuer}/sign-up`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: issuer },
    body: new URLSearchParams({ csrf, username, password }),
  });
  if (answer.status !== 303) throw new Error(`sign-up of ${username} answered ${answer.status}`);
}
