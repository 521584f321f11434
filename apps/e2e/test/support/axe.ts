import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { AxeResults, RunOptions } from 'axe-core';
import type { Page } from 'playwright-core';

const source = readFileSync(createRequire(__filename).resolve('axe-core/axe.min.js'), 'utf8');

/** The part of axe that is used. */
interface Axe {
  run(options: RunOptions): Promise<AxeResults>;
}

const impacts = ['minor', 'moderate', 'serious', 'critical'] as const;

/** The violations that axe-core finds on the page with at least this impact. */
export async function axeFaultsOf(page: Page, from: (typeof impacts)[number] = 'serious'): Promise<string[]> {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(source);
  const { violations } = await page.evaluate((options) => (globalThis as unknown as { axe: Axe }).axe.run(options), {
    resultTypes: ['violations'],
  } satisfies RunOptions);
  return violations
    .filter(({ impact }) => impact && impacts.indexOf(impact) >= impacts.indexOf(from))
    .map(
      ({ id, help, nodes }) =>
        `axe ${id}: ${help}: ${nodes
          .map(({ html }) => html.slice(0, 120))
          .slice(0, 3)
          .join(' | ')}`,
    );
}
