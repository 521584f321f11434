import type { Person } from './person.js';

/** Creates an account with the provider's form, without a browser. */
export async function signUp(issuer: string, { username, password }: Person): Promise<void> {
  const page = await fetch(`${issuer}/sign-up`);
  const cookie = page.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');
  const csrf = /name="csrf" value="([^"]+)"/.exec(await page.text())?.[1] ?? '';
  const response = await fetch(`${issuer}/sign-up`, {
    method: 'POST',
    redirect: 'manual',
    headers: { cookie, origin: issuer },
    body: new URLSearchParams({ csrf, username, password }),
  });
  if (response.status !== 303) throw new Error(`sign-up of ${username} returned ${response.status}`);
}
