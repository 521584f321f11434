import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { axeFaultsOf } from './axe.js';
import { faintTextOf, faultsOf, overflowOf } from './page-rules.js';
import { whileSteady } from './steady-page.js';

const widths = [1280, 390] as const;
const schemes = ['light', 'dark'] as const;

/** The folder for screenshots, which `scripts/screenshots.mjs` sets. */
const pictures = process.env['SCREENSHOTS_DIR'];
const everything = process.env['SCREENSHOTS_ALL'] === '1';

/** The pages in the documentation. */
const shown = new Set([
  ...[
    'provider-login',
    'provider-consent',
    'provider-home',
    'provider-account',
    'provider-clients',
    'provider-client-add',
  ],
  ...['provider-second-factor', 'provider-factors', 'provider-passkeys'],
  ...['provider-dashboard', 'provider-audit', 'provider-refusal', 'provider-security', 'provider-api'],
  ...['provider-users', 'provider-grants', 'client-home', 'client-logged-in', 'client-providers'],
]);

/** Checks the current page, wide and narrow, light and dark. @returns its problems, each with the page's name */
export async function portrait(page: Page, name: string): Promise<string[]> {
  const faults = new Set((await faultsOf(page)).map((fault) => `${name}: ${fault}`));
  for (const width of widths)
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 800 });
      for (const fault of await overflowOf(page)) faults.add(`${name} at ${width}: sticks out: ${fault}`);
      if (width === 1280) {
        for (const fault of await faintTextOf(page)) faults.add(`${name} ${scheme}: faint ${fault}`);
        for (const fault of await axeFaultsOf(page)) faults.add(`${name} ${scheme}: ${fault}`);
      }
      await picture(page, name, `${width}-${scheme}`);
    }
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1280, height: 800 });
  return [...faults];
}

async function picture(page: Page, name: string, variant: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  const path = join(pictures, `${name}.${variant}.png`);
  if (everything)
    await whileSteady(page, async () => {
      // Charts begin with the current hour, and a QR code contains a secret.
      await page.screenshot({
        path,
        fullPage: true,
        animations: 'disabled',
        mask: [page.locator('svg.chart, svg.spark, img.qr')],
      });
    });
  else if (shown.has(name) && variant === '1280-light') await page.screenshot({ path: join(pictures, `${name}.png`) });
}
