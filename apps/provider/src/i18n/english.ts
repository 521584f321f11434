import { readFileSync } from 'node:fs';
import { Catalogue } from './catalogue.js';

let texts: Readonly<Record<string, string>> | undefined;
let catalogue: Catalogue | undefined;

/** The texts as they come with Gatehouse. */
export function englishTexts(): Readonly<Record<string, string>> {
  texts ??= JSON.parse(readFileSync(new URL('../../src/i18n/en.json', import.meta.url), 'utf8')) as typeof texts;
  return texts ?? {};
}

/** The language of what programs read, whatever a set-up's own texts are. */
export function englishCatalogue(): Catalogue {
  return (catalogue ??= new Catalogue('en', englishTexts()));
}
