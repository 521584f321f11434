const LETTER = /[\p{L}\p{N}\p{Extended_Pictographic}]/u;

/** Up to two letters for a person or an application without a picture: of the first and the last word, or of the only one. */
export function initialsOf(name: string): string {
  const words = name.split(/[\s._@-]+/u).filter((word) => LETTER.test(word));
  const first = lettersOf(words[0] ?? name);
  if (words.length < 2) return first.slice(0, 2).join('');
  return [first[0], lettersOf(words.at(-1) ?? '')[0]].join('');
}

/**
 * What a reader counts as letters, without the signs around them unless there is nothing else. An emoji or an accented letter
 * may consist of several code points.
 */
function lettersOf(word: string): string[] {
  const all = [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word)].map(
    ({ segment }) => segment,
  );
  const letters = all.filter((segment) => LETTER.test(segment));
  return letters.length > 0 ? letters : all;
}

const HUES = 6;

/** One of the hues of the style sheet (`.h1` to `.h6`): always the same for the same name. */
export function hueOf(name: string): number {
  let hash = 0;
  for (const character of name) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 65_521;
  return (hash % HUES) + 1;
}
