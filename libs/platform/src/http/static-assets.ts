import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { basename, extname, join } from 'node:path';
import { Reply } from './reply.js';

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.mjs': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** A generated file, or one that is served under another name. */
export interface GeneratedFile {
  readonly name: string;
  readonly content: Buffer;
}

interface Asset {
  readonly url: string;
  readonly body: Buffer;
  readonly contentType: string;
}

const FORM_POST_SCRIPT = 'form-post.js';
const IMMUTABLE = { 'Cache-Control': 'public, max-age=31536000, immutable' };
const REVALIDATED = { 'Cache-Control': 'no-cache' };

/** The files of the design system that the build makes (scripts/lib/ui-assets.mjs): style sheet, script, font, logos, licenses. */
export function uiAssets(): readonly string[] {
  const folder = fileURLToPath(new URL('../../dist/assets/', import.meta.url));
  return readdirSync(folder)
    .filter((name) => extname(name) in types)
    .map((name) => join(folder, name));
}

/**
 * The static files of pages, read at startup. Their URLs contain a hash of the content, so browsers cache them permanently
 * and still get changes at once. The plain name works too, uncached (favicon.ico, pages of a previous version). Style sheets
 * refer to other files by their plain names; what is served refers to their URLs.
 */
export class StaticAssets {
  private readonly byName = new Map<string, Asset>();
  private readonly byPath = new Map<string, Asset>();

  /**
   * @param files in order; a later one replaces an earlier one of the same name
   * @param options.prefix path prefix of their URLs
   * @param options.reload read a file again on each request, for development
   */
  constructor(
    files: readonly (URL | string | GeneratedFile)[],
    private readonly options: { readonly prefix?: string; readonly reload?: boolean } = {},
  ) {
    const prefix = options.prefix ?? '/assets';
    const kit = new URL('../../src/ui/assets/form-post.js', import.meta.url);
    const sources = [kit, ...files].map(sourceOf);
    for (const { name, read } of sources.filter((source) => !isStyleSheet(source))) this.add(name, prefix, read);
    for (const { name, read } of sources.filter(isStyleSheet)) this.add(name, prefix, () => this.withUrls(read()));
  }

  /** The URL of a file by name. @throws RangeError when it does not exist */
  url(name: string): string {
    const asset = this.byName.get(name);
    if (!asset) throw new RangeError(`there is no asset "${name}"`);
    return asset.url;
  }

  get formPostScript(): string {
    return this.url(FORM_POST_SCRIPT);
  }

  /** The response to a GET or HEAD of one of the files; undefined for any other request. */
  answer(method: string, path: string): Reply | undefined {
    if (method !== 'GET' && method !== 'HEAD') return undefined;
    const asset = this.byPath.get(path);
    if (!asset) return undefined;
    const headers = path === asset.url && this.options.reload !== true ? IMMUTABLE : REVALIDATED;
    return Reply.bytes(asset.body, asset.contentType, { headers });
  }

  private withUrls(sheet: Buffer): Buffer {
    return Buffer.from(
      sheet
        .toString('utf8')
        .replace(/url\((["']?)([\w.-]+)\1\)/g, (written, _quote, name: string) =>
          this.byName.has(name) ? `url(${this.url(name)})` : written,
        ),
    );
  }

  private add(file: string, prefix: string, read: () => Buffer): void {
    const name = basename(file);
    const contentType = types[extname(name)];
    if (contentType === undefined) throw new RangeError(`${file}: files of this kind are not served`);
    const reload = this.options.reload === true;
    const content = read();
    const stem = basename(name, extname(name));
    const hash = createHash('sha256').update(content).digest('hex').slice(0, 12);
    const asset: Asset = {
      url: reload ? `${prefix}/${name}` : `${prefix}/${stem}.${hash}${extname(name)}`,
      contentType,
      get body() {
        return reload ? read() : content;
      },
    };
    this.byName.set(name, asset);
    this.byPath.set(asset.url, asset).set(`${prefix}/${name}`, asset);
  }
}

interface Source {
  readonly name: string;
  readonly read: () => Buffer;
}

function sourceOf(file: URL | string | GeneratedFile): Source {
  if (typeof file === 'object' && 'content' in file) return { name: file.name, read: () => file.content };
  const path = typeof file === 'string' ? file : fileURLToPath(file);
  return { name: path, read: () => readFileSync(path) };
}

function isStyleSheet({ name }: Source): boolean {
  return extname(name) === '.css';
}
