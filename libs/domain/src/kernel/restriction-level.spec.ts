import { isHighlyRestrictive } from './restriction-level.js';

describe('isHighlyRestrictive (UTS 39 5.2)', () => {
  it.each<[string, string, boolean]>([
    ['nothing', '', true],
    ['ASCII', 'root-admin_7+x@mail.test', true],
    ['digits alone', '2026', true],
    ['Latin with diacritics', 'Jörg.Łukasz', true],
    ['a combining mark', 'q\u0307x', true],
    ['Cyrillic', 'Пётр-7', true],
    ['Greek', 'Ελένη', true],
    ['Arabic', 'محمد', true],
    ['Arabic with its own digits', 'محمد٣', true],
    ['Hebrew', 'דוד', true],
    ['Devanagari', 'नमस्ते', true],
    ['Georgian', 'გიორგი', true],
    ['Thai', 'สมชาย', true],
    ['Japanese in three scripts', '山田たろうーケン', true],
    ['Japanese with Latin', 'ken山田たろう', true],
    ['kana that is lengthened', 'ラーメンーたろーー', true],
    ['a prolonged sound mark that reads as a dash', 'root\u30fcboss', false],
    ['a modifier letter that reads as a colon', 'root\u02d0boss', false],
    ['Chinese with Latin', 'li李明', true],
    ['Chinese with Bopomofo and Latin', 'li李ㄅㄆ', true],
    ['Korean with Han and Latin', 'kim김金', true],
    ['Latin with Cyrillic letters', 'r\u043E\u043Et-admin', false],
    ['one Cyrillic letter at the end', 'admi\u043F', false],
    ['Latin with a Greek letter', 'g\u03BFogle', false],
    ['Latin with Armenian', 'g\u0585ogle', false],
    ['Cyrillic with Greek', 'Пο', false],
    ['Latin with Hebrew', 'david-דוד', false],
    ['Hangul with Kana', '김たろう', false],
    ['Bopomofo with Kana', 'ㄅたろう', false],
    ['Han with Cyrillic', '李д', false],
    ['digits of two systems', 'محمد1٣', false],
    ['a script that few use', 'ᏣᎳᎩ', false],
    ['a script of the past', '\u{10300}\u{10301}', false],
  ])('%s: %s', (_name, text, expected) => {
    expect(isHighlyRestrictive(text)).toBe(expected);
  });
});
