import { z } from 'zod';
import { readRaster } from './raster-check.js';
import { svgProblem, type SvgProblem } from './svg-check.js';

/** An image that was checked. */
export interface LogoImage {
  readonly content: Buffer;
  readonly extension: '.png' | '.jpg' | '.webp' | '.svg';
}

/** `size`: too many bytes; `pixels`: too wide or too high; `damaged`: incomplete; `kind`: no image of a supported type. */
export type LogoProblem = 'size' | 'pixels' | 'damaged' | 'kind' | SvgProblem;

export const maxLogoBytes = 200_000;
/** Of the width and of the height: a small file can describe an image that takes gigabytes of a browser's memory. */
export const maxLogoPixels = 4096;

const mediaTypes = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
} as const;

/** Determines the type by the content: names and declared media types are not trusted. */
export function parseLogo(content: Buffer): LogoImage | LogoProblem {
  if (content.length > maxLogoBytes) return 'size';
  const raster = readRaster(content);
  if (!raster) return svgProblem(content) ?? { content, extension: '.svg' };
  const { extension, size } = raster;
  if (!size) return 'damaged';
  return [size.width, size.height].every((each) => each >= 1 && each <= maxLogoPixels)
    ? { content, extension }
    : 'pixels';
}

/** Stored as a `data:` URL. Messages are a {@link LogoProblem}. */
export const logoSchema: z.ZodType<LogoImage, string> = z.codec(z.string(), z.custom<LogoImage>(), {
  decode: (value, { issues }) => {
    const [, encoded] = /^data:image\/[a-z+.-]+;base64,([A-Za-z0-9+/]+={0,2})$/.exec(value) ?? [];
    const logo = encoded === undefined ? 'kind' : parseLogo(Buffer.from(encoded, 'base64'));
    if (typeof logo === 'object') return logo;
    issues.push({ code: 'custom', input: '', message: logo });
    return z.NEVER;
  },
  encode: ({ content, extension }) => `data:${mediaTypes[extension]};base64,${content.toString('base64')}`,
});

/** The text in which a file is stored. It is not checked: {@link logoSchema} does that. */
export function logoText(content: Buffer): string {
  return `data:image/file;base64,${content.toString('base64')}`;
}

/** For people: the type and the size. */
export function describeLogo({ content, extension }: LogoImage): string {
  return `${mediaTypes[extension]}, ${content.length} bytes`;
}
