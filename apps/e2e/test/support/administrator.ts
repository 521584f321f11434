import type { Browser, BrowserContext } from 'playwright-core';
import { openContext } from './chromium.js';
import type { Stage } from './stage.js';
import { submitLogin } from './steps.js';

export const administrator = { username: 'admin', password: 'a gate needs its keeper' };

/** A browser in which the administrator is signed in and may read what is copied. */
export async function openConsole(chromium: Browser, stage: Stage): Promise<BrowserContext> {
  const context = await openContext(chromium, {
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  const page = await context.newPage();
  await page.goto(`${stage.issuer}/admin`);
  await submitLogin(page, administrator);
  await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
  await page.close();
  return context;
}
