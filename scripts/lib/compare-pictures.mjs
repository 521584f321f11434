// Compares two folders of screenshots (scripts/screenshots.mjs --compare).
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const picturesIn = (folder) => readdirSync(folder).filter((name) => name.endsWith('.png'));

/** The picture on a transparent canvas: pixelmatch compares pictures of one size. */
function onCanvas(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const canvas = new PNG({ width, height });
  PNG.bitblt(picture, canvas, 0, 0, picture.width, picture.height, 0, 0);
  return canvas;
}

/** @returns {{ pixels: number, drawing: PNG }} how many pixels differ, and where */
function compare(before, after) {
  const width = Math.max(before.width, after.width);
  const height = Math.max(before.height, after.height);
  const drawing = new PNG({ width, height });
  const [a, b] = [before, after].map((picture) => onCanvas(picture, width, height).data);
  return { pixels: pixelmatch(a, b, drawing.data, width, height), drawing };
}

/**
 * Writes into `differences` a picture for each page that looks different, and `list.txt` with a line for each difference.
 * @returns {string[]} the lines: `new: NAME`, `gone: NAME` or `N pixels: NAME`
 */
export function comparePictures(before, after, differences) {
  const [old, current] = [picturesIn(before), picturesIn(after)];
  if (old.length === 0) throw new Error(`there are no pictures in ${before}`);
  mkdirSync(differences, { recursive: true });
  const lines = [];
  for (const name of [...new Set([...old, ...current])].sort()) {
    if (!current.includes(name)) lines.push(`gone: ${name}`);
    else if (!old.includes(name)) lines.push(`new: ${name}`);
    else {
      const read = (folder) => PNG.sync.read(readFileSync(join(folder, name)));
      const { pixels, drawing } = compare(read(before), read(after));
      if (pixels === 0) continue;
      writeFileSync(join(differences, name), PNG.sync.write(drawing));
      lines.push(`${pixels} pixels: ${name}`);
    }
  }
  writeFileSync(join(differences, 'list.txt'), lines.map((line) => `${line}\n`).join(''));
  return lines;
}
