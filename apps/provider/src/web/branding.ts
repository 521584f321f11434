import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { GeneratedFile, StaticAssets } from '@gatehouse/platform/http/static-assets';
import type { CurrentSettings } from '../settings/current-settings.js';
import type { EditableValues, Logo } from '../settings/editable-settings.js';
import { maxLogoBytes } from '../settings/logo-image.js';

/** The name and the look of an installation, with the product's defaults. */
export interface Brand extends Pick<EditableValues, 'background' | 'supportContact' | 'termsUrl' | 'privacyUrl'> {
  readonly name: string;
  /** The file name of the asset. */
  readonly logo: string;
  /** For pages that are not in the design system yet; undefined for the default colors. */
  readonly sheet: string | undefined;
  /** The design system derives its colors from this sheet's `--brand`; undefined for the default color. */
  readonly tokens: string | undefined;
}

/** Keeps the brand and its assets as the current settings say. */
export class Branding {
  /** For the next page. */
  current: Brand;

  /** @throws Error if the logo of the environment cannot be read or is too large; the server does not start then */
  constructor(settings: CurrentSettings, assets: StaticAssets) {
    const { logo } = settings.current();
    const configuredLogo = logo && fileOf(logo);
    const update = (): Brand => {
      const values = settings.current();
      // The file of the environment is read once.
      const brand = brandOf(
        values,
        values.logo && 'path' in values.logo ? configuredLogo : values.logo && fileOf(values.logo),
      );
      assets.replaceGenerated(brand.files);
      return brand;
    };
    this.current = update();
    settings.onChange(() => (this.current = update()));
  }
}

function brandOf(values: EditableValues, logo: GeneratedFile | undefined): Brand & { readonly files: GeneratedFile[] } {
  const { productName, accent, background, supportContact, termsUrl, privacyUrl } = values;
  const files: GeneratedFile[] = logo === undefined ? [] : [logo];
  if (accent !== undefined)
    files.push(
      { name: 'brand.css', content: Buffer.from(sheetOf(accent)) },
      { name: 'brand-tokens.css', content: Buffer.from(`:root { --brand: ${accent}; }\n`) },
    );
  return {
    name: productName,
    logo: logo?.name ?? 'logo.svg',
    sheet: accent === undefined ? undefined : 'brand.css',
    tokens: accent === undefined ? undefined : 'brand-tokens.css',
    background,
    supportContact,
    termsUrl,
    privacyUrl,
    files,
  };
}

function fileOf(logo: Logo): GeneratedFile {
  if ('content' in logo) return { name: `brand${logo.extension}`, content: logo.content };
  return { name: `brand${extname(logo.path)}`, content: readLogo(logo.path) };
}

function readLogo(path: string): Buffer {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (cause) {
    throw new Error(`GATEHOUSE_LOGO: ${path} cannot be read`, { cause });
  }
  if (content.length > maxLogoBytes) throw new Error(`GATEHOUSE_LOGO: ${path} has more than ${maxLogoBytes} bytes`);
  return content;
}

/** @param accent must be dark enough for white text; in dark mode a lighter mix is used as text color */
function sheetOf(accent: string): string {
  const light = `--accent: ${accent}; --accent-strong: color-mix(in srgb, ${accent} 75%, black);
  --accent-soft: color-mix(in srgb, ${accent} 12%, white); --on-accent: #ffffff;`;
  const dark = `--accent: color-mix(in srgb, ${accent} 35%, white); --accent-strong: color-mix(in srgb, ${accent} 20%, white);
  --accent-soft: color-mix(in srgb, ${accent} 35%, black); --on-accent: #101614;`;
  return `:root { ${light} }\n@media (prefers-color-scheme: dark) { :root { ${dark} } }\n`;
}
