import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { axeFaultsOf } from './axe.js';
import { faintTextOf, faultsOf, overflowOf } from './page-rules.js';
import { whileSteady } from './steady-page.js';

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

/** What is checked of a page. */
export interface PortraitRules {
  readonly widths: readonly number[];
  /** Where axe runs, which takes a second each time. */
  readonly axeWidths: readonly number[];
  readonly axeFrom: 'moderate' | 'serious';
  /** Whether the page is laid out from right to left, too. */
  readonly mirrored: boolean;
}

const usual: PortraitRules = { widths: [1280, 390], axeWidths: [1280], axeFrom: 'serious', mirrored: false };

/** The rules of the design system (docs/design.md, Budgets). */
export const designRules: PortraitRules = {
  widths: [1440, 390, 320],
  axeWidths: [1440, 390],
  axeFrom: 'moderate',
  mirrored: true,
};

/** Checks the current page, wide and narrow, light and dark. @returns its problems, each with the page's name */
export async function portrait(page: Page, name: string, rules: PortraitRules = usual): Promise<string[]> {
  const faults = new Set((await faultsOf(page)).map((fault) => `${name}: ${fault}`));
  for (const width of rules.widths)
    for (const scheme of schemes) {
      await page.emulateMedia({ colorScheme: scheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: width < 400 ? 844 : 800 });
      for (const fault of await overflowOf(page)) faults.add(`${name} at ${width}: sticks out: ${fault}`);
      if (rules.axeWidths.includes(width)) {
        for (const fault of await faintTextOf(page)) faults.add(`${name} ${scheme}: faint ${fault}`);
        for (const fault of await axeFaultsOf(page, rules.axeFrom))
          faults.add(`${name} ${scheme} at ${width}: ${fault}`);
      }
      if (everything) await steadyPicture(page, `${name}.${width}-${scheme}`);
    }
  if (rules.mirrored) for (const fault of await mirroredFaultsOf(page, name)) faults.add(fault);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
  await page.setViewportSize({ width: 1280, height: 800 });
  if (!everything && shown.has(name)) await picture(page, name);
  return [...faults];
}

/** What sticks out of a narrow page that is laid out from right to left. */
async function mirroredFaultsOf(page: Page, name: string): Promise<string[]> {
  await page.evaluate(() => (document.documentElement.dir = 'rtl'));
  const faults = await overflowOf(page);
  await page.evaluate(() => (document.documentElement.dir = 'ltr'));
  return faults.map((fault) => `${name} from right to left: sticks out: ${fault}`);
}

async function picture(page: Page, name: string): Promise<void> {
  if (pictures === undefined) return;
  mkdirSync(pictures, { recursive: true });
  await page.screenshot({ path: join(pictures, `${name}.png`) });
}

/** The whole page, without what is different in every run. */
async function steadyPicture(page: Page, name: string): Promise<void> {
  const folder = pictures;
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await whileSteady(page, async () => {
    // Charts begin with the current hour, and a QR code contains a secret.
    await page.screenshot({
      path: join(folder, `${name}.png`),
      fullPage: true,
      animations: 'disabled',
      mask: [page.locator('svg.chart, svg.spark, img.qr')],
    });
  });
}
