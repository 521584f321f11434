import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PNG } from 'pngjs';
import { openContext, launchChromium } from './support/chromium.js';
import { whileSteady } from './support/steady-page.js';

const scripts = join(__dirname, '../../../scripts');

describe('the comparison of screenshots', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-pictures-'));
    for (const name of ['before', 'after']) mkdirSync(join(folder, name));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A white picture with a black square of this size in its corner. */
  function draw(path: string, square: number, height = 40): void {
    const picture = new PNG({ width: 40, height });
    picture.data.fill(255);
    for (let y = 0; y < square; y++)
      for (let x = 0; x < square; x++) picture.data.fill(0, (y * 40 + x) * 4, (y * 40 + x) * 4 + 3);
    writeFileSync(join(folder, path), PNG.sync.write(picture));
  }

  function compare(): string[] {
    const [before, after, differences] = ['before', 'after', 'differences'].map((name) => join(folder, name));
    const code = `import { comparePictures } from './lib/compare-pictures.mjs';
      console.log(JSON.stringify(comparePictures(...${JSON.stringify([before, after, differences])})));`;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: scripts,
      encoding: 'utf8',
    });
    if (stdout === '') throw new Error(stderr);
    return JSON.parse(stdout) as string[];
  }

  it('lists pages that look different, are new or are gone, with a picture of the difference', () => {
    draw('before/same.png', 10);
    draw('after/same.png', 10);
    draw('before/moved.png', 10);
    draw('after/moved.png', 20);
    draw('before/longer.png', 10);
    draw('after/longer.png', 10, 50);
    draw('before/gone.png', 10);
    draw('after/new.png', 10);
    const lines = compare();
    expect(lines).toEqual([
      'gone: gone.png',
      expect.stringMatching(/^\d+ pixels: longer\.png$/),
      expect.stringMatching(/^[1-9]\d+ pixels: moved\.png$/),
      'new: new.png',
    ]);
    expect(readFileSync(join(folder, 'differences/list.txt'), 'utf8')).toBe(lines.map((line) => `${line}\n`).join(''));
    expect(readdirSync(join(folder, 'differences')).sort()).toEqual(['list.txt', 'longer.png', 'moved.png']);
    const drawing = PNG.sync.read(readFileSync(join(folder, 'differences/moved.png')));
    const at = (x: number, y: number): number[] => [...drawing.data.subarray((y * 40 + x) * 4, (y * 40 + x) * 4 + 3)];
    expect(at(15, 15)).toEqual([255, 0, 0]);
    expect(at(35, 35)).not.toEqual([255, 0, 0]);
  });

  it('finds nothing in equal folders, and rejects one without pictures', () => {
    expect(compare).toThrow(/there are no pictures in/);
    draw('before/same.png', 10);
    draw('after/same.png', 10);
    expect(compare()).toEqual([]);
  });

  it('is refused for the screenshots of the documentation and for a folder that does not exist', () => {
    const run = (...args: string[]): number | null =>
      spawnSync(process.execPath, [join(scripts, 'screenshots.mjs'), ...args], { encoding: 'utf8' }).status;
    expect(run('--compare', folder)).toBe(2);
    expect(run('--all', '--compare', join(folder, 'nowhere'))).toBe(2);
    expect(run('--all', folder, '--compare', folder)).toBe(2);
  });

  it('is of text that is the same in every run, and the page is as before afterwards', async () => {
    const chromium = await launchChromium();
    try {
      const page = await (await openContext(chromium)).newPage();
      const content = (port: number, id: string, when: string): string =>
        `<main><p>http://127.0.0.1:${port}/authorized</p><code>${id}</code><time>${when}</time><input value="${id}"></main>`;
      const seen: string[] = [];
      for (const [port, id, when] of [
        [12345, 'Q2x1ZS1hbmQtbm90', 'Just now'],
        [54321, 'aGVyZS1pcy1vbmU0', '2 minutes ago'],
      ] as const) {
        await page.setContent(content(port, id, when));
        const before = await page.content();
        await whileSteady(page, async () => {
          seen.push(`${await page.locator('main').innerText()} ${await page.inputValue('input')}`);
        });
        expect(await page.content()).toBe(before);
        expect(await page.inputValue('input')).toBe(id);
      }
      expect(seen[0]).toBe(seen[1]);
      expect(seen[0]).toContain('/authorized');
    } finally {
      await chromium.close();
    }
  });
});
