import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { GeneratedFile } from '@gatehouse/platform/http/static-assets';
import type { Settings } from '../config/settings.js';

const maxLogoBytes = 200_000;

/** The name and the look of an installation, with the product's defaults. */
export interface Brand {
  readonly name: string;
  /** The file name of the asset. */
  readonly logo: string;
  /** For pages that are not in the design system yet; undefined for the default colors. */
  readonly sheet: string | undefined;
  /** The design system derives its colors from this sheet's `--brand`; undefined for the default color. */
  readonly tokens: string | undefined;
  readonly files: readonly GeneratedFile[];
}

/** @throws Error if the logo cannot be read or is too large; the server does not start then */
export function brandOf({
  productName,
  logoPath,
  accent,
}: Pick<Settings, 'productName' | 'logoPath' | 'accent'>): Brand {
  const files: GeneratedFile[] = [];
  if (logoPath !== undefined) files.push({ name: `brand${extname(logoPath)}`, content: readLogo(logoPath) });
  if (accent !== undefined)
    files.push(
      { name: 'brand.css', content: Buffer.from(sheetOf(accent)) },
      { name: 'brand-tokens.css', content: Buffer.from(`:root { --brand: ${accent}; }\n`) },
    );
  return {
    name: productName,
    logo: logoPath === undefined ? 'logo.svg' : `brand${extname(logoPath)}`,
    sheet: accent === undefined ? undefined : 'brand.css',
    tokens: accent === undefined ? undefined : 'brand-tokens.css',
    files,
  };
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
