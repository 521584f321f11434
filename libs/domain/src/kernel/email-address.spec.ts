import { asciiEmailKey, emailKey, emailKeys, isEmailAddress } from './email-address.js';

describe('an e-mail address', () => {
  it.each([
    'alice@corp.example',
    'o.brien+tag@corp.example',
    'jürgen@bücher.example',
    '用户@例え.テスト',
    'a@localhost',
  ])('may be %s', (email) => expect(isEmailAddress(email)).toBe(true));

  it.each([
    ['a zero width space', 'alice\u200B@corp.example'],
    ['a right-to-left override', 'alice\u202E@corp.example'],
    ['a soft hyphen', 'alice@co\u00ADrp.example'],
    ['a Hangul filler', 'alice\u3164@corp.example'],
    ['a variation selector', 'alice\uFE0F@corp.example'],
    ['a replacement character', 'alice\uFFFD@corp.example'],
    ['a control character', 'alice\u0001@corp.example'],
    ['half a surrogate pair', 'alice\uD800@corp.example'],
    ['a character for private use', 'alice\uE000@corp.example'],
    ['an ideographic space', 'alice\u3000@corp.example'],
    ['a line separator', 'alice\u2028@corp.example'],
    ['a second address', 'alice@corp.example,bob@corp.example'],
    ['a path behind a domain that is not ASCII', 'victim@corp.example/é.attacker.example'],
    ['a query behind a domain that is not ASCII', 'victim@corp.example?é.attacker.example'],
    ['a fragment behind a domain that is not ASCII', 'victim@corp.example#é.attacker.example'],
    ['a full-width slash in its domain', 'victim@corp.example\uFF0Fé.attacker.example'],
    ['too much', `${'a'.repeat(250)}@b.example`],
  ])('has not %s in it', (_what, email) => expect(isEmailAddress(email)).toBe(false));

  it.each(['Alice@Corp.Example', 'a@xn--bcher-kva.example', 'a@0x7f.1', 'a@[::1]', 'a@a_b.example', 'a@xn--no', 'a'])(
    'is compared in lower case alone where it is ASCII: %s',
    (email) => {
      expect(emailKey(email)).toBe(email.toLowerCase());
      expect(asciiEmailKey(email)).toBe(email.toLowerCase());
    },
  );

  it.each([
    ['alice@corp\u3002example', 'alice@corp.example', 'alice@corp.example'],
    ['alice@\uFF23\uFF2F\uFF32\uFF30.example', 'alice@corp.example', 'alice@corp.example'],
    ['A@BÜCHER.example', 'a@bücher.example', 'a@xn--bcher-kva.example'],
    ['a@bu\u0308cher.example', 'a@bücher.example', 'a@xn--bcher-kva.example'],
    ['a@straße.example', 'a@straße.example', 'a@xn--strae-oqa.example'],
    // No label may be so long: not a domain name, and compared as it is.
    [`a@${'é'.repeat(260)}.example`, `a@${'é'.repeat(260)}.example`, undefined],
  ])('has the domain of %s in the forms of IDNA', (email, unicode, ascii) => {
    expect(emailKey(email)).toBe(unicode);
    if (ascii !== undefined) expect(asciiEmailKey(email)).toBe(ascii);
    expect(emailKey(emailKey(email))).toBe(emailKey(email));
  });

  it.each(['/', '?', '#', '\uFF0F', '%', '[', '|'])('is not another mailbox where its domain has %j', (character) => {
    const email = `victim@corp.example${character}é.attacker.example`;
    for (const key of [emailKey(email), asciiEmailKey(email), ...emailKeys(email)]) expect(key).toBe(email);
  });

  it('is found under each form, and under the one that earlier versions stored', () => {
    const both = ['a@bücher.example', 'a@xn--bcher-kva.example'];
    for (const email of both) expect(emailKeys(email)).toEqual(expect.arrayContaining(both));
    for (const email of [...both, 'a@corp\u3002example', 'a@bu\u0308cher.example', 'A@Corp.example', 'a', 'a@0x7f.1'])
      expect(emailKeys(email)).toEqual(expect.arrayContaining([email.toLowerCase(), emailKey(email)]));
    expect(new Set(emailKeys('A@Corp.example'))).toEqual(new Set(['a@corp.example']));
  });
});
