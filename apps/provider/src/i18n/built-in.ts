import { readFileSync } from 'node:fs';
import { Catalogue } from './catalogue.js';

type Texts = Readonly<Record<string, string>>;

/** The languages that Gatehouse ships with, as BCP 47 tags. */
const languages = ['en', 'de'] as const;

const texts = new Map<string, Texts>();
let catalogue: Catalogue | undefined;

/** The texts of every language that Gatehouse ships with, by BCP 47 tag. */
export function builtInTexts(): ReadonlyMap<string, Texts> {
  for (const language of languages) {
    if (!texts.has(language)) texts.set(language, readTexts(language));
  }
  return texts;
}

export function englishTexts(): Texts {
  return builtInTexts().get('en') ?? {};
}

/** For output that programs read, regardless of an installation's own texts. */
export function englishCatalogue(): Catalogue {
  return (catalogue ??= new Catalogue('en', englishTexts()));
}

function readTexts(language: string): Texts {
  return JSON.parse(readFileSync(new URL(`../../src/i18n/${language}.json`, import.meta.url), 'utf8')) as Texts;
}
