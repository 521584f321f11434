import { deflateSync } from 'node:zlib';
import { logoSchema, logoText, parseLogo } from './logo-image.js';

const svg = (inner: string, attributes = ''): Buffer =>
  Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"${attributes}>${inner}</svg>\n`);

function chunk(type: string, data: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
}

function png(width: number, height: number): Buffer {
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 6, 0, 0, 0]);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  const signature = Buffer.from('89504e470d0a1a0a', 'hex');
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync('')),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

/** Of 16 × 17 pixels, with a thumbnail that is a complete JPEG itself. */
const photo = Buffer.from(`ffd8ffe1000c45786966ffd8ffd90000ffc0000b080011001001011100ffd9`, 'hex');
const extendedWebp = (width: number, height: number): Buffer => {
  const size = Buffer.alloc(10);
  size.writeUIntLE(width - 1, 4, 3);
  size.writeUIntLE(height - 1, 7, 3);
  return Buffer.concat([Buffer.from('RIFF\x16\0\0\0WEBPVP8X\x0a\0\0\0', 'latin1'), size]);
};
const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000ffc0000b080010001001011100ffd9', 'hex');
const webp = Buffer.concat([
  Buffer.from('RIFF\x16\0\0\0WEBPVP8L\x0a\0\0\0\x2f', 'latin1'),
  Buffer.from('00000000ff0000ff00', 'hex'),
]);

const kindOf = (content: Buffer): string => {
  const logo = parseLogo(content);
  return typeof logo === 'string' ? logo : logo.extension;
};

describe('a logo', () => {
  it.each([
    ['a PNG', png(64, 64), '.png'],
    ['a JPEG', jpeg, '.jpg'],
    ['a WebP', webp, '.webp'],
    ['an SVG', svg('<path d="M0 0h8v8z"/>'), '.svg'],
    [
      'an SVG with a declaration, a comment, a prefix, a gradient and a style sheet',
      Buffer.from(`\ufeff<?xml version="1.0"?><!-- a > b --><s:svg xmlns:s='http://www.w3.org/2000/svg' xmlns:x="http://www.w3.org/1999/xlink">
        <s:style><![CDATA[ a > b { fill: red } ]]></s:style><s:defs><s:linearGradient id="g"/></s:defs>
        <s:use x:href="#g"/><s:image href="data:image/png;base64,AAAA"/></s:svg>`),
      '.svg',
    ],
    ['text', Buffer.from('hello'), 'kind'],
    ['HTML', Buffer.from('<!doctype html><html><body></body></html>'), 'kind'],
    ['XML that is no SVG', Buffer.from('<html xmlns="http://www.w3.org/1999/xhtml"></html>'), 'kind'],
    ['an SVG without its namespace', Buffer.from('<svg/>'), 'kind'],
    ['an SVG that is not well-formed', svg('<g>'), 'kind'],
    ['an SVG with a quote that is missing', svg('<g id="a></g>'), 'kind'],
    ['two SVG documents', Buffer.concat([svg(''), svg('')]), 'kind'],
    ['an SVG with entities', Buffer.concat([Buffer.from('<!DOCTYPE svg [<!ENTITY a "b">]>'), svg('&a;')]), 'doctype'],
    [
      'an SVG with a DTD',
      Buffer.concat([Buffer.from('<!DOCTYPE svg SYSTEM "https://other.example/x">'), svg('')]),
      'doctype',
    ],
    [
      'an SVG with a style sheet of another file',
      Buffer.concat([Buffer.from('<?xml-stylesheet href="a.css"?>'), svg('')]),
      'kind',
    ],
    ['an SVG that imports a style sheet', svg('<style>@import "https://other.example/a.css";</style>'), 'active'],
    [
      'an SVG whose style sheet loads a file',
      svg('<style>a { fill: url( "https://other.example/a.svg#a") }</style>'),
      'active',
    ],
    ['an SVG whose style sheet hides an address', svg('<style>a { fill: u\\72l(//other.example) }</style>'), 'active'],
    [
      'an SVG whose style sheet hides an address from XML',
      svg('<style>a { fill: &#117;rl(//other.example) }</style>'),
      'active',
    ],
    [
      'an SVG with a font of another server',
      svg('<style>@font-face { src: url(//other.example/a) }</style>'),
      'active',
    ],
    [
      'an SVG whose CDATA imports a style sheet',
      svg('<style><![CDATA[@IMPORT url(//other.example)]]></style>'),
      'active',
    ],
    ['an SVG with a style that loads a file', svg('<g style="fill: url(//other.example/a)"/>'), 'active'],
    ['an SVG with a filter of another file', svg('<g filter="url(a.svg#f)"/>'), 'active'],
    [
      'an SVG with a style that a comment splits',
      svg('<style>@im<!-- -->port "https://other.example/a"</style>'),
      'active',
    ],
    ['an SVG with a style that CDATA splits', svg('<style>ur<![CDATA[l(//other.example/a)]]></style>'), 'active'],
    ['an SVG with spaces in a reference', svg('<g fill="url( &#34;#g&#34;)"/>'), 'active'],
    ['an SVG with spaces in a quoted reference', svg(`<g fill='url( "#g")'/>`), '.svg'],
    ['an SVG with a gradient', svg('<g fill="url(#g)" style="stroke: url(\'#g\')"/>'), '.svg'],
    ['an SVG with a base address', svg('<g xml:base="https://other.example/"/>'), 'active'],
    ['an SVG with an animation', svg('<animate attributeName="href" values="javascript:alert(1)"/>'), 'active'],
    ['an SVG that sets an attribute', svg('<a><set attributeName="href" to="javascript:alert(1)"/></a>'), 'active'],
    ['an SVG that is not UTF-8', Buffer.concat([svg(''), Buffer.of(0xff)]), 'kind'],
    ['nested 201 times', svg('<g>'.repeat(200) + '</g>'.repeat(200)), 'kind'],
    ['a PNG without an end', png(64, 64).subarray(0, -12), 'damaged'],
    ['a PNG without its middle', Buffer.concat([png(64, 64).subarray(0, 40), png(64, 64).subarray(-12)]), 'damaged'],
    ['a PNG without a picture', Buffer.concat([png(64, 64).subarray(0, 33), png(64, 64).subarray(-12)]), 'damaged'],
    [
      'a PNG whose chunk has a length of four gigabytes',
      Buffer.concat([png(64, 64).subarray(0, 33), Buffer.alloc(20, 0xff)]),
      'damaged',
    ],
    ['the signature of a PNG', png(64, 64).subarray(0, 8), 'damaged'],
    ['a PNG of a billion pixels', png(100_000, 10_000), 'pixels'],
    ['a PNG of 65535 × 65535 pixels', png(65_535, 65_535), 'pixels'],
    ['a PNG of no height', png(64, 0), 'pixels'],
    ['a PNG of 4096 × 4096 pixels', png(4096, 4096), '.png'],
    ['a PNG of 4097 × 1 pixels', png(4097, 1), 'pixels'],
    ['the beginning of a JPEG', jpeg.subarray(0, 20), 'damaged'],
    ['a photo with a thumbnail', photo, '.jpg'],
    ['a JPEG with padding', Buffer.concat([photo, Buffer.alloc(3)]), '.jpg'],
    ['the beginning of a photo with a thumbnail', photo.subarray(0, -2), 'damaged'],
    ['half a WebP', webp.subarray(0, -4), 'damaged'],
    ['a WebP with a canvas', extendedWebp(64, 64), '.webp'],
    ['a WebP of 65535 × 65535 pixels', extendedWebp(65_535, 65_535), 'pixels'],
    ['nothing', Buffer.alloc(0), 'kind'],
    ['an SVG with a script', svg('<script>alert(1)</script>'), 'active'],
    ['an SVG with a script by another prefix', svg('<x:SCRIPT xmlns:x="http://www.w3.org/2000/svg"/>'), 'active'],
    ['an SVG with an event attribute', svg('<g onload="alert(1)"/>'), 'active'],
    ['an SVG with an event attribute of the root', svg('', " onload='alert(1)'"), 'active'],
    ['an SVG with HTML', svg('<foreignObject/>'), 'active'],
    ['an SVG with a link that is a script', svg('<a href="javascript:alert(1)"/>'), 'active'],
    ['an SVG with a link that is an encoded script', svg('<a href="&#106;avascript:alert(1)"/>'), 'active'],
    ['an SVG with an image of another server', svg('<image xlink:href="https://other.example/a.png"/>'), 'active'],
    ['an SVG with an SVG in it', svg('<image href="data:image/svg+xml;base64,AAAA"/>'), 'active'],
    ['200,001 bytes', Buffer.alloc(200_001), 'size'],
  ])('that is %s is recognized by its content', (_name, content, kind) => {
    expect(kindOf(content)).toBe(kind);
  });

  it('does not take long to check, whatever it contains', () => {
    const began = performance.now();
    for (const part of [' a=""', '<g ', '<!--', '<a b="', '<a'.padEnd(9)])
      kindOf(svg(part.repeat(Math.floor(190_000 / part.length))));
    kindOf(svg(`<g${' a="b"'.repeat(30_000)}`));
    expect(performance.now() - began).toBeLessThan(2000);
  });

  it('is stored as a data URL of its type', () => {
    const content = png(8, 8);
    const logo = logoSchema.parse(logoText(content));
    expect(logo).toEqual({ content, extension: '.png' });
    expect(logoSchema.encode(logo)).toBe(`data:image/png;base64,${content.toString('base64')}`);
    for (const text of ['data:image/png;base64,', 'data:text/html;base64,AAAA', 'https://other.example/a.png'])
      expect(logoSchema.safeParse(text).error?.issues[0]?.message).toBe('kind');
  });
});
