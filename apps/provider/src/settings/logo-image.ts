import { z } from 'zod';
import { svgProblem } from './svg-check.js';

/** An image that was checked. */
export interface LogoImage {
  readonly content: Buffer;
  readonly extension: '.png' | '.jpg' | '.webp' | '.svg';
}

/** `size`: too large; `kind`: no image of a supported type; `active`: an SVG with scripts or references to other servers. */
export type LogoProblem = 'size' | 'kind' | 'active';

export const maxLogoBytes = 200_000;
const maxPixels = 10_000;

const mediaTypes = {
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.svg': 'image/svg+xml',
} as const;

/** Determines the type by the content: names and declared media types are not trusted. */
export function parseLogo(content: Buffer): LogoImage | LogoProblem {
  if (content.length > maxLogoBytes) return 'size';
  if (isPng(content)) return { content, extension: '.png' };
  if (isJpeg(content)) return { content, extension: '.jpg' };
  if (isWebp(content)) return { content, extension: '.webp' };
  return svgProblem(content) ?? { content, extension: '.svg' };
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

/** PNG (third edition) 5.2, 11.2.1: the signature, then IHDR; IEND is the last chunk. */
function isPng(content: Buffer): boolean {
  const header = '89504e470d0a1a0a0000000d49484452';
  if (content.length < 45 || content.toString('hex', 0, 16) !== header) return false;
  return (
    isSize(content.readUInt32BE(16), content.readUInt32BE(20)) && content.subarray(-8, -4).equals(Buffer.from('IEND'))
  );
}

/** ITU-T T.81 B.1, B.2.2: SOI, segments with their length up to the frame header, EOI. */
function isJpeg(content: Buffer): boolean {
  if (content.length < 4 || content.readUInt16BE(0) !== 0xffd8 || !content.includes(Buffer.of(0xff, 0xd9)))
    return false;
  let at = 2;
  while (at + 9 <= content.length && content[at] === 0xff) {
    const marker = content[at + 1] ?? 0;
    // SOF0 to SOF15, without DHT, JPG and DAC.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return isSize(content.readUInt16BE(at + 7), content.readUInt16BE(at + 5));
    at += 2 + content.readUInt16BE(at + 2);
  }
  return false;
}

/** RFC 9649 2.4 to 2.7: a RIFF file of this length with one of the three formats. */
function isWebp(content: Buffer): boolean {
  if (content.length < 30 || content.toString('latin1', 0, 4) !== 'RIFF') return false;
  const isComplete = content.readUInt32LE(4) + 8 === content.length;
  return isComplete && /^WEBPVP8[ LX]$/.test(content.toString('latin1', 8, 16));
}

function isSize(width: number, height: number): boolean {
  return width >= 1 && height >= 1 && width <= maxPixels && height <= maxPixels;
}
