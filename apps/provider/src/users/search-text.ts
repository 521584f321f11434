/** Shorter text has no trigram: of it only the start of a username or address is looked up. */
export const minSearchedCharacters = 3;

/** Letters that do not decompose into a base letter and a mark. The triggers of the migration `UserSearch` know the same. */
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

/** The form in which names are searched: "Müller", "MÜLLER" and "muller" are one, as are "Straße" and "strasse". */
export function searchText(typed: string): string {
  return withoutSpecialLetters(
    typed
      .normalize('NFKD')
      .replace(/[\u0300-\u036f]/g, '')
      .toLowerCase(),
  ).normalize('NFC');
}

/** Whether the text is long enough to be found inside a name. */
export function isSearchedInside(folded: string): boolean {
  return [...folded].length >= minSearchedCharacters;
}

/** A pattern of LIKE for text that contains this. Its wildcards are literal. */
export function likePattern(folded: string): string {
  return `%${folded.replace(/[\\%_]/g, '\\$&')}%`;
}

/**
 * A query of FTS5 for text that contains this. In quotes all of its syntax is literal.
 * @see https://sqlite.org/fts5.html section 3.1
 */
export function trigramQuery(typed: string): string {
  const folded = searchText(typed);
  // The tokenizer keeps what only compatibility makes equal, for instance full-width letters: these are found as typed.
  const isCompatible = typed.normalize('NFKC') === typed.normalize('NFC');
  const phrases = isCompatible ? [folded] : [folded, withoutSpecialLetters(typed.normalize('NFC').toLowerCase())];
  return phrases.map((phrase) => `"${phrase.replaceAll('"', '""')}"`).join(' OR ');
}

function withoutSpecialLetters(lowerCase: string): string {
  return lowerCase.replace(/[ßæœøłđıς]/g, (letter) => letters[letter] ?? letter);
}
