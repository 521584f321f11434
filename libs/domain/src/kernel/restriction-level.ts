/** Scripts in everyday use in the world, which are recommended for identifiers (UAX 31 Table 5). */
const recommendedScripts = [
  'Arabic',
  'Armenian',
  'Bengali',
  'Bopomofo',
  'Cyrillic',
  'Devanagari',
  'Ethiopic',
  'Georgian',
  'Greek',
  'Gujarati',
  'Gurmukhi',
  'Hebrew',
  'Kannada',
  'Khmer',
  'Lao',
  'Latin',
  'Malayalam',
  'Myanmar',
  'Oriya',
  'Sinhala',
  'Tamil',
  'Telugu',
  'Thaana',
  'Thai',
  'Tibetan',
];

/** The writing systems of more than one script, each with Latin beside it (UTS 39 5.1, 5.2). */
const combinations = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

/** Text of these scripts; digits, punctuation and combining marks of no script of their own belong to every one. */
const permitted = [...recommendedScripts.map((script) => [script]), ...combinations].map((scripts) => {
  const sets = ['Common', 'Inherited', ...scripts].map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${sets.join('')}]*$`, 'u');
});

/**
 * True for an identifier whose letters are of one script, or of one of the combinations that Chinese, Japanese and Korean
 * are written in, and whose digits are of one decimal system: the restriction level "Highly Restrictive". It does not
 * detect text that resembles other text of the same script, or text of one script that resembles text of another as a whole.
 * @param identifier in normalization form NFKC or NFC
 * @see UTS 39 5.2 (restriction levels), 5.3 (mixed numbers)
 */
export function isHighlyRestrictive(identifier: string): boolean {
  return (
    permitted.some((scripts) => scripts.test(identifier)) &&
    decimalSystemsOf(identifier).size <= 1 &&
    !hasStrayModifiers(identifier)
  );
}

/** Modifier letters of no script, which look like punctuation: U+02D0, or U+30FC without the kana that it lengthens. */
function hasStrayModifiers(text: string): boolean {
  const modifiers = /(?=\p{Script=Common})\p{Lm}/u;
  const ofKana = /[\p{Script=Hiragana}\p{Script=Katakana}][\u30fc\uff70]+/gu;
  return modifiers.test(text.replace(ofKana, ''));
}

/** The code points of the zeros of all decimal digits in a text. */
function decimalSystemsOf(text: string): ReadonlySet<number> {
  const zeros = new Set<number>();
  for (const [digit] of text.matchAll(/\p{Decimal_Number}/gu)) {
    let zero = digit.codePointAt(0) ?? 0;
    // The ten digits of a system are consecutive code points (Unicode Standard 4.6).
    while (/\p{Decimal_Number}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    zeros.add(zero);
  }
  return zeros;
}
