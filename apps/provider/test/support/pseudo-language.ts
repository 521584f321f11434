import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { builtInTexts } from '../../src/i18n/built-in';
import { unescape } from './browser';

/** A language that nobody speaks, by its BCP 47 tag: every text of the catalogue between brackets. */
export const pseudoLanguage = 'en-XA';

/** A folder for GATEHOUSE_TEXTS. */
export function pseudoTexts(): string {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-texts-'));
  const texts = Object.fromEntries(Object.entries(builtInTexts.english).map(([key, message]) => [key, `⟦${message}⟧`]));
  writeFileSync(join(folder, `${pseudoLanguage}.json`), JSON.stringify(texts));
  return folder;
}

/**
 * The words of a page that do not come from the catalogue, and are not marked as English.
 * @param data what may stand on its own: names of people and applications, addresses
 */
export function strayWords(html: string, data: readonly string[]): string[] {
  const body = html
    .replace(/<(script|style|code)\b.*?<\/\1>/gs, ' ')
    .replace(/<(\w+)[^>]* lang="en"[^>]*>.*?<\/\1>/gs, ' ')
    .replace(/<time\b[^>]*>.*?<\/time>/gs, ' ')
    .replace(/<span class="(?:monogram|mono-logo|avatar)\b[^>]*>.*?<\/span>/gs, ' ')
    .replace(/<!doctype[^>]*>/i, '');
  const attributes = [
    ...body.matchAll(
      / (?:alt|title|placeholder|aria-label|data-label|data-hide|data-copied|data-not-copied)="([^"]*)"/g,
    ),
    ...body.matchAll(/ data-(?:not-allowed|known|address|failed|news)="([^"]*)"/g),
  ].map(([, value]) => value ?? '');
  const texts = [body.replace(/<[^>]*>/g, ' '), ...attributes].map(unescape);
  return texts.flatMap((each) => outsideBrackets(each, data).split(/\s+/)).filter((word) => /\p{L}/u.test(word));
}

function outsideBrackets(text: string, data: readonly string[]): string {
  let depth = 0;
  let outside = '';
  for (const character of text) {
    if (character === '⟦') depth += 1;
    else if (character === '⟧') depth -= 1;
    else if (depth === 0) outside += character;
  }
  return [...data].sort((a, b) => b.length - a.length).reduce((rest, value) => rest.replaceAll(value, ' '), outside);
}
