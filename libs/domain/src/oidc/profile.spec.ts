import fc from 'fast-check';
import { checkProfile, textProblem, normalizeProfile, type Profile } from './profile.js';
import { addressFields, profileFields } from './user-properties.js';

const fields = (profile: Profile): string[] => checkProfile(profile).map(({ field }) => field);

const whole: Profile = {
  middleName: 'King',
  nickname: 'Countess',
  profilePage: 'https://example.com/ada?x=1#top',
  picture: 'https://cdn.example.com/ada.png',
  website: 'http://ada.example',
  gender: 'female',
  birthdate: '1815-12-10',
  zoneinfo: 'Europe/London',
  locale: 'en-GB',
  phoneNumber: '+16045551234;ext=5678',
  phoneNumberVerified: true,
  address: {
    formatted: 'Ada\n12 St James’s Square\nLondon',
    streetAddress: '12 St James’s Square\nGround floor',
    locality: 'London',
    region: 'England',
    postalCode: 'SW1Y 4JH',
    country: 'United Kingdom',
  },
};

describe('checkProfile (OpenID Connect Core 5.1)', () => {
  it('finds nothing wrong with a whole profile, nor with an empty one', () => {
    expect(checkProfile(whole)).toEqual([]);
    expect(checkProfile({})).toEqual([]);
  });

  it.each<[keyof Profile, string]>([
    ['birthdate', '1990'],
    ['birthdate', '0000-02-29'],
    ['birthdate', '0000-12-31'],
    ['birthdate', '2000-02-29'],
    ['zoneinfo', 'America/Argentina/Buenos_Aires'],
    ['zoneinfo', 'UTC'],
    ['zoneinfo', 'Etc/GMT+5'],
    ['zoneinfo', 'Asia/Kolkata'],
    ['locale', 'de'],
    ['locale', 'zh-Hant-TW'],
    ['locale', 'es-419'],
    ['locale', 'de-CH-1901'],
    ['phoneNumber', '+4930123456'],
    ['phoneNumber', '+123456789012345'],
    ['website', 'http://127.0.0.1:8080/'],
    ['picture', 'https://例え.jp/顔.png'],
    ['gender', 'nicht-binär'],
    ['nickname', '👩‍💻 Ada'],
    ['middleName', 'a'.repeat(200)],
  ])('takes %s %j', (field, value) => {
    expect(fields({ [field]: value })).toEqual([]);
  });

  it.each<[keyof Profile, string]>([
    ['birthdate', '0000'],
    ['birthdate', '1990-2-3'],
    ['birthdate', '1990-02'],
    ['birthdate', '1990-02-30'],
    ['birthdate', '1900-02-29'],
    ['birthdate', '1990-00-10'],
    ['birthdate', '1990-13-10'],
    ['birthdate', '1990-12-00'],
    ['birthdate', '31.12.1990'],
    ['birthdate', '١٩٩٠-١٢-٣١'],
    ['zoneinfo', 'Mars/Phobos'],
    ['zoneinfo', '+01:00'],
    ['zoneinfo', 'Europe/Paris '],
    ['locale', 'en_US'],
    ['locale', 'english language'],
    ['locale', '-'],
    ['phoneNumber', '030123456'],
    ['phoneNumber', '+0301234567'],
    ['phoneNumber', '+1234567890123456'],
    ['phoneNumber', '+49 30 123456'],
    ['phoneNumber', '+4930123456;ext=abc'],
    ['website', 'javascript:alert(1)'],
    ['website', 'data:text/html,x'],
    ['website', 'ftp://example.com/'],
    ['website', '//example.com/'],
    ['website', 'example.com'],
    ['website', 'https://'],
    ['website', 'https://user:secret@example.com/'],
    ['website', 'https://example.com/a b'],
    ['picture', 'https://example.com/"onerror=x'],
    ['profilePage', `https://example.com/${'a'.repeat(2000)}`],
    ['gender', 'a\nb'],
    ['gender', 'a'.repeat(101)],
    ['nickname', 'gnp\u202e.exe'],
    ['middleName', 'a\u0000'],
    ['middleName', '\ud800'],
    ['middleName', 'a'.repeat(201)],
  ])('refuses %s %j', (field, value) => {
    expect(fields({ [field]: value })).toEqual([field]);
  });

  it('lets a street have lines, and the other members of an address one', () => {
    expect(fields({ address: { streetAddress: 'a\nb', formatted: 'a\nb' } })).toEqual([]);
    expect(fields({ address: { locality: 'a\nb', country: 'x'.repeat(201), postalCode: '1'.repeat(51) } })).toEqual([
      'address.locality',
      'address.postalCode',
      'address.country',
    ]);
  });

  it('says everything that is wrong at once, each once', () => {
    expect(fields({ birthdate: 'x', zoneinfo: 'x'.repeat(101), website: 'x', address: { region: '\t' } })).toEqual([
      'website',
      'birthdate',
      'zoneinfo',
      'address.region',
    ]);
  });

  it('answers to any text, and lets none through that is longer than its bound', () => {
    const anything = fc.string({ unit: 'binary', maxLength: 3000 });
    fc.assert(
      fc.property(fc.constantFrom(...profileFields), anything, (field, value) => {
        const problems = checkProfile({ [field]: value });
        expect(problems.length).toBeLessThanOrEqual(1);
        if (problems.length === 0) expect(value.length).toBeLessThanOrEqual(2000);
      }),
    );
  });
});

describe('tidyProfile', () => {
  it.each([
    ['+1 (604) 555-1234;ext=5678', '+16045551234;ext=5678'],
    ['+49 (0)30 / 123 456', '+4930123456'],
    ['+44 20 7946–0958', '+442079460958'],
    ['030 123', '030123'],
    ['+1 call me', '+1callme'],
  ])('takes the marks out of the phone number %j', (typed, kept) => {
    expect(normalizeProfile({ phoneNumber: typed })).toEqual({ phoneNumber: kept });
  });

  it('has no empty member, and no empty address', () => {
    expect(normalizeProfile({ nickname: ' ', website: '', address: { locality: ' ', formatted: '' } })).toEqual({});
  });

  it('has no verification of a number that is not there', () => {
    expect(normalizeProfile({ phoneNumberVerified: true, phoneNumber: ' ' })).toEqual({});
  });

  it('keeps lines, with line feeds alone', () => {
    expect(normalizeProfile({ address: { streetAddress: ' a\r\nb\rc\n ' } })).toEqual({
      address: { streetAddress: 'a\nb\nc' },
    });
  });

  it('changes a tidy profile in nothing', () => {
    expect(normalizeProfile(whole)).toEqual(whole);
    const text = fc.option(fc.string({ unit: 'binary', maxLength: 40 }), { nil: undefined });
    fc.assert(
      fc.property(
        fc.record(Object.fromEntries(profileFields.map((field) => [field, text]))),
        fc.record(Object.fromEntries(addressFields.map((field) => [field, text]))),
        fc.boolean(),
        (profile, address, phoneNumberVerified) => {
          const once = normalizeProfile({ ...profile, address, phoneNumberVerified });
          expect(normalizeProfile(once)).toEqual(once);
          expect(JSON.parse(JSON.stringify(once))).toEqual(once);
        },
      ),
    );
  });
});

describe('textProblem', () => {
  it('lets marks that join letters through (Persian, emoji)', () => {
    expect(textProblem('می\u200cخواهم 👨‍👩‍👧', 50)).toBeUndefined();
  });
});
