import { generateSync } from 'otplib';
import { unescape, type Answer, type Browser } from './browser';
import { sendFields } from './forms';
import type { TestProvider } from './provider';

/** An authenticator app that has scanned a person's code. */
export interface App {
  readonly secret: string;
  /** What it shows now; `stepsAway` of 30 seconds. */
  code(stepsAway?: number): string;
  readonly recoveryCodes: readonly string[];
}

/** Scans the code of the page that is open. */
export function scan(provider: TestProvider, browser: Browser): App {
  const secret = /id="totp-secret">([A-Z2-7 ]+)</.exec(browser.page?.text ?? '')?.[1]?.replaceAll(' ', '');
  if (secret === undefined) throw new Error(`no code to scan: ${browser.address} ${browser.page?.text ?? ''}`);
  return {
    secret,
    code: (stepsAway = 0) => generateSync({ secret, epoch: provider.clock.now() + 30 * stepsAway }),
    recoveryCodes: [],
  };
}

/** Adds an authenticator app on a person's own page. */
export async function addApp(provider: TestProvider, browser: Browser): Promise<App> {
  await browser.open(`${provider.base}/account/factors/app`);
  const app = scan(provider, browser);
  const answer = await browser.submit({ otp: app.code() });
  const recoveryCodes = recoveryCodesOf(answer);
  if (recoveryCodes.length !== 10) throw new Error(`the app was not added: ${answer.status} ${answer.text}`);
  return { ...app, recoveryCodes };
}

export function recoveryCodesOf(answer: Answer): string[] {
  return [...answer.text.matchAll(/<li><code>([a-z2-9-]+)<\/code>/g)].map(([, code]) => code ?? '');
}

/** Logs in with the password alone: ends at the second-factor page of whoever has one. */
export async function givePassword(
  provider: TestProvider,
  user: { username: string; password: string },
  browser: Browser,
): Promise<Answer> {
  if (!browser.page?.text.includes('name="password"')) await browser.open(`${provider.base}/login`);
  return browser.submit({ username: user.username, password: user.password });
}

/** Sends a form of the second-factor page that is open, and follows where it leads on this origin. */
export async function giveFactor(
  browser: Browser,
  fields: Readonly<Record<string, string>>,
  options: { readonly without?: readonly string[]; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<Answer> {
  const page = browser.page?.text ?? '';
  const action = fields['action'] ?? 'code';
  const form = page
    .split('<form ')
    .find((part) => part.includes(`value="${action}"`) && part.includes('action="/login/factor"'));
  const own: [string, string][] = [
    ...(form ?? '').matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g),
  ].map(([, name = '', value = '']) => [name, unescape(value)]);
  const values = new Map([...own, ...Object.entries(fields)]);
  for (const name of options.without ?? []) values.delete(name);
  const answer = await sendFields(browser, [...values], '/login/factor', options.headers);
  const { location } = answer;
  return location !== undefined && new URL(location).origin === new URL(browser.address).origin
    ? browser.open(location)
    : answer;
}

/** The address of the open page's first link that begins so. */
export function linkTo(browser: Browser, beginning: string): string {
  const links = [...(browser.page?.text ?? '').matchAll(/href="([^"]+)"/g)].map(([, href = '']) => unescape(href));
  const found = links.find((href) => href.startsWith(beginning));
  if (found === undefined) throw new Error(`no link to ${beginning} at ${browser.address}`);
  return new URL(found, browser.address).href;
}
