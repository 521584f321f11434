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
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
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
/** The hash in a URL, before the extension. */
const HASH = /\.[0-9a-f]{12}(?=\.\w+$)/;
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
 * and still get changes at once. The plain name works too, uncached (favicon.ico), and so does another hash: that of a page of
 * a previous version, or of a process that has changed a generated file a moment earlier. Style sheets refer to other files by
 * their plain names; what is served refers to their URLs.
 */
export class StaticAssets {
  private readonly byName = new Map<string, Asset>();
  private readonly byPath = new Map<string, Asset>();
  private generated: readonly string[] = [];

  /**
   * @param files in order; a later one replaces an earlier one of the same name
   * @param options.prefix path prefix of their URLs
   * @param options.reload read a file again on each request, for development
   */
  constructor(
    files: readonly (URL | string | GeneratedFile)[],
    private readonly options: { readonly prefix?: string; readonly reload?: boolean } = {},
  ) {
    const kit = new URL('../../src/ui/assets/form-post.js', import.meta.url);
    const sources = [kit, ...files].map(sourceOf);
    for (const { name, read } of sources.filter((source) => !isStyleSheet(source))) this.add(name, read);
    for (const { name, read } of sources.filter(isStyleSheet)) this.add(name, () => this.withUrls(read()));
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
    const asset = this.byPath.get(path) ?? this.byPath.get(path.replace(HASH, ''));
    if (!asset) return undefined;
    const headers = path === asset.url && this.options.reload !== true ? IMMUTABLE : REVALIDATED;
    return Reply.bytes(asset.body, asset.contentType, { headers });
  }

  /** Replaces all files of the previous call, while the server runs. */
  replaceGenerated(files: readonly GeneratedFile[]): void {
    for (const name of this.generated) {
      const asset = this.byName.get(name);
      this.byName.delete(name);
      this.byPath.delete(`${this.prefix}/${name}`);
      if (asset) this.byPath.delete(asset.url);
    }
    this.generated = files.map(({ name }) => name);
    for (const { name, content } of files) this.add(name, () => content);
  }

  private get prefix(): string {
    return this.options.prefix ?? '/assets';
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

  private add(file: string, read: () => Buffer): void {
    const { prefix } = this;
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
