/** Shorter text has no trigram: only the beginning of a username or address is searched. */
export const minSearchedCharacters = 3;

/**
 * Letters that do not decompose into a base letter and a mark. The triggers of the migration `UserSearch` use the same
 * list.
 */
const letters: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ı: 'i',
  ς: 'σ',
};

/** Folds text for searching: "Müller", "MÜLLER" and "muller" are equal, as are "Straße" and "strasse". */
export function searchText(typed: string): string {
  return withoutSpecialLetters(
    typed
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .toLowerCase(),
  ).normalize('NFC');
}

/** Whether the text is long enough to be searched inside a name. */
export function isSearchedInside(folded: string): boolean {
  return [...folded].length >= minSearchedCharacters;
}

/** A LIKE pattern for text that contains this; wildcards in it are escaped. */
export function likePattern(folded: string): string {
  return `%${folded.replace(/[\\%_]/g, '\\$&')}%`;
}

/**
 * An FTS5 query for text that contains this. Inside quotes, FTS5 syntax is literal.
 * @see https://sqlite.org/fts5.html section 3.1
 */
export function trigramQuery(typed: string): string {
  const folded = searchText(typed);
  // The tokenizer does not apply compatibility normalization, for instance of full-width letters: they match only as
  // typed.
  const hasNoCompatibilityCharacters = typed.normalize('NFKC') === typed.normalize('NFC');
  const phrases = hasNoCompatibilityCharacters
    ? [folded]
    : [folded, withoutSpecialLetters(typed.normalize('NFC').toLowerCase())];
  return phrases.map((phrase) => `"${phrase.replaceAll('"', '""')}"`).join(' OR ');
}

function withoutSpecialLetters(lowerCase: string): string {
  return lowerCase.replace(/[ßæœøłđıς]/g, (letter) => letters[letter] ?? letter);
}
