import { readFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { MadeFile } from '@gatehouse/platform/http/static-assets';
import type { Settings } from '../config/settings.js';

const maxLogoBytes = 200_000;

/** What a set-up calls itself and looks like; where it says nothing, as we do. */
export interface Brand {
  readonly name: string;
  /** The name of the asset. */
  readonly logo: string;
  /** Undefined: our own colours. */
  readonly sheet: string | undefined;
  readonly files: readonly MadeFile[];
}

/** @throws Error for a logo that cannot be read or is too large: the start says so */
export function brandOf({
  productName,
  logoPath,
  accent,
}: Pick<Settings, 'productName' | 'logoPath' | 'accent'>): Brand {
  const files: MadeFile[] = [];
  if (logoPath !== undefined) files.push({ name: `brand${extname(logoPath)}`, content: readLogo(logoPath) });
  if (accent !== undefined) files.push({ name: 'brand.css', content: Buffer.from(sheetOf(accent)) });
  return {
    name: productName,
    logo: logoPath === undefined ? 'logo.svg' : `brand${extname(logoPath)}`,
    sheet: accent === undefined ? undefined : 'brand.css',
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

/** @param accent dark enough for white text; on dark screens light enough to be text itself */
function sheetOf(accent: string): string {
  const light = `--accent: ${accent}; --accent-strong: color-mix(in srgb, ${accent} 75%, black);
  --accent-soft: color-mix(in srgb, ${accent} 12%, white); --on-accent: #ffffff;`;
  const dark = `--accent: color-mix(in srgb, ${accent} 35%, white); --accent-strong: color-mix(in srgb, ${accent} 20%, white);
  --accent-soft: color-mix(in srgb, ${accent} 35%, black); --on-accent: #101614;`;
  return `:root { ${light} }\n@media (prefers-color-scheme: dark) { :root { ${dark} } }\n`;
}
