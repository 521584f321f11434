import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { StaticAssets, uiAssets } from '../src/http/static-assets.js';

const scripts = join(__dirname, '../../../scripts/lib');
const assets = new StaticAssets(uiAssets());

function content(name: string): Buffer {
  return Buffer.from((assets.answer('GET', assets.url(name))?.content as { readonly body: Buffer }).body);
}

describe('the built assets', () => {
  it.each([
    ['gatehouse.css', 14_000],
    ['gatehouse.js', 4_000],
  ])('%s has at most %d bytes when compressed', (name, most) => {
    expect(gzipSync(content(name), { level: 9 }).length).toBeLessThanOrEqual(most);
  });

  it('include a font of at most 30,000 bytes', () => {
    expect(content('inter-latin.woff2').length).toBeLessThanOrEqual(30_000);
  });

  it('refer to other files in the style sheet by their hashed URLs', () => {
    const urls = [
      ...content('gatehouse.css')
        .toString('utf8')
        .matchAll(/url\(([^)]*)\)/g),
    ].map(([, url]) => url);
    expect(urls.length).toBeGreaterThanOrEqual(3);
    for (const url of urls) expect(url).toMatch(/^\/assets\/[\w-]+\.[0-9a-f]{12}\.\w+$/);
  });

  it('keep cascade layers, both color schemes and container queries in the CSS', () => {
    const css = content('gatehouse.css').toString('utf8');
    for (const feature of ['@layer', 'light-dark(', '@container', 'oklch(from']) expect(css).toContain(feature);
  });

  it('include the licenses of the font and the icons', () => {
    const text = content('licenses.txt').toString('utf8');
    expect(text).toContain('SIL OPEN FONT LICENSE');
    expect(text).toContain('ISC License');
  });

  it('include logos of applications that contain only a drawing', () => {
    const logos = uiAssets().filter((path) => basename(path).startsWith('app-'));
    expect(logos.length).toBeGreaterThan(30);
    for (const path of logos)
      expect(readFileSync(path, 'utf8')).toMatch(/^<svg [^>]*><rect [^>]*\/><g [^>]*>(<path [^>]*\/>)+<\/g><\/svg>\n$/);
  });
});

describe('the build of assets', () => {
  const run = (code: string): ReturnType<typeof spawnSync> =>
    spawnSync(process.execPath, ['--input-type=module', '-e', code], { cwd: scripts, encoding: 'utf8' });

  it('fails when a template names an unknown icon, and reports it', () => {
    const { status, stderr } = run(
      `import { iconBodies } from '${join(scripts, 'icons.mjs')}'; iconBodies(new Map([['check', 'a.hbs'], ['chek', 'b.hbs']]));`,
    );
    expect(status).not.toBe(0);
    expect(stderr).toContain('b.hbs: there is no icon "chek"');
    expect(stderr).not.toContain('a.hbs');
  });

  it('does nothing when nothing has changed', () => {
    const before = readFileSync(join(__dirname, '../dist/assets/.inputs'), 'utf8');
    const code = `import { areUiAssetsBuilt } from '${join(scripts, 'ui-assets.mjs')}'; console.log(areUiAssetsBuilt());`;
    expect(execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' }).trim()).toBe(
      'true',
    );
    expect(before).toMatch(/^[0-9a-f]{64}$/);
  });
});
