import { generateSync } from 'otplib';
import type { Page } from 'playwright-core';

/** Returns the next code of an authenticator app; never the last one, which was consumed. */
export type AuthenticatorApp = () => Promise<string>;

/** An authenticator app that has scanned the QR code of the page. */
export async function scanCode(page: Page): Promise<AuthenticatorApp> {
  const secret = ((await page.textContent('#totp-secret')) ?? '').replaceAll(' ', '');
  let last = '';
  return async () => {
    for (;;) {
      const code = generateSync({ secret });
      if (code !== last) return (last = code);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
}
