import { StaticAssets } from './static-assets.js';

const file = (name: string, content: string) => ({ name, content: Buffer.from(content) });
const shown = (assets: StaticAssets, path: string): readonly (string | undefined)[] | undefined => {
  const content = assets.answer('GET', path)?.content;
  if (content?.kind !== 'bytes') return undefined;
  return [content.body.toString(), content.contentType, content.headers?.['Cache-Control']?.toString()];
};
const permanently = 'public, max-age=31536000, immutable';

describe('static assets', () => {
  it('are cached permanently by their hash, and revalidated by their name and by any other hash', () => {
    const assets = new StaticAssets([file('page.css', 'p{}')]);
    expect(assets.url('page.css')).toMatch(/^\/assets\/page\.[0-9a-f]{12}\.css$/);
    expect(shown(assets, assets.url('page.css'))).toEqual(['p{}', 'text/css; charset=utf-8', permanently]);
    for (const path of ['/assets/page.css', '/assets/page.0123456789ab.css'])
      expect(shown(assets, path)).toEqual(['p{}', 'text/css; charset=utf-8', 'no-cache']);
    expect(shown(assets, '/assets/other.0123456789ab.css')).toBeUndefined();
  });

  it('that are generated can be replaced, also by none', () => {
    const assets = new StaticAssets([file('page.css', 'p{}')]);
    assets.replaceGenerated([file('brand.png', 'one'), file('brand.css', 'a{}')]);
    const before = assets.url('brand.png');
    expect(shown(assets, before)).toEqual(['one', 'image/png', permanently]);
    assets.replaceGenerated([file('brand.png', 'two')]);
    expect(assets.url('brand.png')).not.toBe(before);
    expect(shown(assets, assets.url('brand.png'))).toEqual(['two', 'image/png', permanently]);
    // A page from before the change still gets an image, and does not keep it.
    expect(shown(assets, before)).toEqual(['two', 'image/png', 'no-cache']);
    expect(() => assets.url('brand.css')).toThrow(RangeError);
    assets.replaceGenerated([]);
    expect(shown(assets, before)).toBeUndefined();
    expect(shown(assets, assets.url('page.css'))?.[0]).toBe('p{}');
  });
});
