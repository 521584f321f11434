/** Scripts in common use, recommended for identifiers (UAX 31 Table 5). */
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

/** Writing systems with several scripts, each combined with Latin (UTS 39 5.1, 5.2). */
const combinations = [
  ['Latin', 'Han', 'Hiragana', 'Katakana'],
  ['Latin', 'Han', 'Bopomofo'],
  ['Latin', 'Han', 'Hangul'],
];

/** Text of these scripts. Digits, punctuation and combining marks without a script are allowed with each. */
const permitted = [...recommendedScripts.map((script) => [script]), ...combinations].map((scripts) => {
  const sets = ['Common', 'Inherited', ...scripts].map((script) => `\\p{Script_Extensions=${script}}`);
  return new RegExp(`^[${sets.join('')}]*$`, 'u');
});

/**
 * True for an identifier at restriction level "Highly Restrictive": its letters are of one script, or of one of the
 * combinations for Chinese, Japanese and Korean, and its digits of one decimal system. It does not detect text that is
 * confusable with other text of the same script, or as a whole with text of another script.
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

/** Modifier letters without a script that look like punctuation: U+02D0, or U+30FC without kana before it. */
function hasStrayModifiers(text: string): boolean {
  const modifiers = /(?=\p{Script=Common})\p{Lm}/u;
  const ofKana = /[\p{Script=Hiragana}\p{Script=Katakana}][\u30fc\uff70]+/gu;
  return modifiers.test(text.replace(ofKana, ''));
}

/** Code points of the zeros of all decimal systems in a text. */
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
