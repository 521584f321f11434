import { readFileSync } from 'node:fs';
import { Catalogue } from './catalogue.js';

export type Texts = Readonly<Record<string, string>>;

/** The texts that an application ships with: a file `en.json`, which is complete, and its translations. */
export class BuiltInTexts {
  private readonly texts = new Map<string, Texts>();
  private catalogue: Catalogue | undefined;

  /** @param languages BCP 47 tags, with English; each has a file in the folder */
  constructor(
    private readonly folder: URL,
    private readonly languages: readonly string[],
  ) {}

  /** The texts of every language by tag; the files are read once. */
  get byLanguage(): ReadonlyMap<string, Texts> {
    for (const language of this.languages) {
      if (!this.texts.has(language)) this.texts.set(language, this.read(language));
    }
    return this.texts;
  }

  get english(): Texts {
    return this.byLanguage.get('en') ?? {};
  }

  /** For output that programs read, regardless of an installation's own texts. */
  get englishCatalogue(): Catalogue {
    return (this.catalogue ??= new Catalogue('en', this.english));
  }

  has(key: string): boolean {
    return Object.hasOwn(this.english, key);
  }

  private read(language: string): Texts {
    return JSON.parse(readFileSync(new URL(`${language}.json`, this.folder), 'utf8')) as Texts;
  }
}
