import { readFileSync } from 'node:fs';
import { Catalogue } from './catalogue.js';

let texts: Readonly<Record<string, string>> | undefined;
let catalogue: Catalogue | undefined;

/** The texts that Gatehouse ships with. */
export function englishTexts(): Readonly<Record<string, string>> {
  texts ??= JSON.parse(readFileSync(new URL('../../src/i18n/en.json', import.meta.url), 'utf8')) as typeof texts;
  return texts ?? {};
}

/** For output that programs read, regardless of an installation's own texts. */
export function englishCatalogue(): Catalogue {
  return (catalogue ??= new Catalogue('en', englishTexts()));
}
