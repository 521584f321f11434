/** The type and the size of a raster image. */
export interface RasterImage {
  readonly extension: '.png' | '.jpg' | '.webp';
  /** In pixels; undefined if the file is not complete. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
}

const pngSignature = Buffer.from('89504e470d0a1a0a', 'hex');
/** The length of a chunk, its type and its checksum. */
const pngChunkBytes = 12;

/**
 * Reads the header of an image and walks over its parts, without decoding it: pages show only complete files of a known size.
 * @returns undefined if it is neither PNG, JPEG nor WebP
 */
export function readRaster(content: Buffer): RasterImage | undefined {
  if (content.subarray(0, 8).equals(pngSignature)) return { extension: '.png', size: pngSize(content) };
  if (content.length >= 3 && content.readUIntBE(0, 3) === 0xffd8ff)
    return { extension: '.jpg', size: jpegSize(content) };
  if (content.toString('latin1', 0, 4) === 'RIFF' && content.toString('latin1', 8, 12) === 'WEBP')
    return { extension: '.webp', size: webpSize(content) };
  return undefined;
}

/** PNG (third edition) 5.3, 5.6, 11.2.1: IHDR, then chunks with their length; IDAT is there, and IEND the last one. */
function pngSize(content: Buffer): RasterImage['size'] {
  let size: RasterImage['size'];
  let hasData = false;
  for (let at = 8; at + pngChunkBytes <= content.length;) {
    const length = content.readUInt32BE(at);
    const type = content.toString('latin1', at + 4, at + 8);
    const end = at + pngChunkBytes + length;
    if (end > content.length || (size === undefined && (type !== 'IHDR' || length !== 13))) return undefined;
    size ??= { width: content.readUInt32BE(at + 8), height: content.readUInt32BE(at + 12) };
    if (type === 'IDAT') hasData = true;
    if (type === 'IEND') return hasData && end === content.length ? size : undefined;
    at = end;
  }
  return undefined;
}

/** ITU-T T.81 B.1, B.2.2: SOI, segments with their length up to the frame header; EOI is the end, apart from padding. */
function jpegSize(content: Buffer): RasterImage['size'] {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end -= 1;
  if (end < 4 || content.readUInt16BE(end - 2) !== 0xffd9) return undefined;
  for (let at = 2; at + 9 <= content.length && content[at] === 0xff;) {
    const marker = content[at + 1] ?? 0;
    // SOF0 to SOF15, without DHT, JPG and DAC.
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) return { width: content.readUInt16BE(at + 7), height: content.readUInt16BE(at + 5) };
    at += 2 + content.readUInt16BE(at + 2);
  }
  return undefined;
}

/** RFC 9649 2.4 to 2.7: a RIFF file of this length, whose first chunk has the size. */
function webpSize(content: Buffer): RasterImage['size'] {
  if (content.length < 30 || content.readUInt32LE(4) + 8 !== content.length) return undefined;
  switch (content.toString('latin1', 12, 16)) {
    case 'VP8 ':
      // RFC 6386 9.1: the start code of a key frame, then 14 bits each.
      if (content.readUIntBE(23, 3) !== 0x9d012a) return undefined;
      return { width: content.readUInt16LE(26) & 0x3fff, height: content.readUInt16LE(28) & 0x3fff };
    case 'VP8L': {
      const bits = content.readUInt32LE(21);
      return content[20] === 0x2f ? { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 } : undefined;
    }
    case 'VP8X':
      return { width: content.readUIntLE(24, 3) + 1, height: content.readUIntLE(27, 3) + 1 };
    default:
      return undefined;
  }
}
