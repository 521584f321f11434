import fc from 'fast-check';
import { bearerChallenge, isBasic, parseBasicCredentials, parseBearer } from './authorization-header.js';

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('parseBasicCredentials', () => {
  it('reads the example of RFC 6749 2.3.1', () => {
    expect(parseBasicCredentials('Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW')).toEqual({
      clientId: 's6BhdRkqt3',
      secret: 'gX1fBat3bV',
    });
  });

  it.each([
    ['a scheme in any case (RFC 9110 11.1)', `bASIC ${Buffer.from('a:b').toString('base64')}`, 'a', 'b'],
    ['escaped parts', basic('a%3Ab:p%25+q%2Br'), 'a:b', 'p% q+r'],
    ['a secret with a colon', basic('a:b:c'), 'a', 'b:c'],
    ['an empty secret', basic('a:'), 'a', ''],
  ])('reads %s', (_name, header, clientId, secret) => {
    expect(parseBasicCredentials(header)).toEqual({ clientId, secret });
  });

  it.each([
    ['no header', undefined],
    ['nothing', ''],
    ['the scheme alone', 'Basic'],
    ['another scheme', 'Bearer czZCaGRSa3F0MzpnWDFmQmF0M2JW'],
    ['no colon', basic('abc')],
    ['no client id', basic(':secret')],
    ['a broken escape', basic('a:%zz')],
    ['half a character', basic('a:%c3')],
    ['a NUL', basic('a%00:b')],
    ['letters beyond ASCII (RFC 6749 A.2)', basic('a:%C3%A9')],
    ['text that is no base64', 'Basic a:b'],
    ['two values', 'Basic YTpi, Basic YTpi'],
    ['more than 1000 characters', basic(`a:${'b'.repeat(1001)}`)],
    ['a megabyte', basic(`a:${'b'.repeat(1_000_000)}`)],
  ])('refuses %s', (_name, header) => {
    expect(parseBasicCredentials(header)).toBeUndefined();
  });

  it('reads back every printable pair that a client wrote', () => {
    const printable = fc.string({ maxLength: 40 }).filter((text) => /^[\x20-\x7e]*$/.test(text));
    const encode = (text: string): string => new URLSearchParams({ k: text }).toString().slice(2);
    fc.assert(
      fc.property(printable, printable, (clientId, secret) => {
        const expected = clientId === '' ? undefined : { clientId, secret };
        expect(parseBasicCredentials(basic(`${encode(clientId)}:${encode(secret)}`))).toEqual(expected);
      }),
    );
  });
});

describe('isBasic', () => {
  it.each([
    ['Basic YTpi', true],
    ['basic', true],
    ['Basic !', true],
    ['Basics YTpi', false],
    ['Bearer x', false],
    [undefined, false],
  ])('%j: %s', (header, expected) => {
    expect(isBasic(header)).toBe(expected);
  });
});

describe('parseBearer', () => {
  it('reads the example of RFC 6750 2.1', () => {
    expect(parseBearer('Bearer mF_9.B5f-4.1JqM')).toBe('mF_9.B5f-4.1JqM');
    expect(parseBearer('bearer mF_9.B5f-4.1JqM')).toBe('mF_9.B5f-4.1JqM');
    expect(parseBearer('Bearer a+/~==')).toBe('a+/~==');
  });

  it.each([
    undefined,
    '',
    'Bearer',
    'Bearer ',
    'Basic abc',
    'Bearer a b',
    'Bearer a,b',
    'Bearer =',
    'Bearer é',
    'Bearer a\n',
  ])('refuses %j', (header) => {
    expect(parseBearer(header)).toBeUndefined();
  });

  it('is bounded', () => {
    expect(parseBearer(`Bearer ${'a'.repeat(8000)}`)).toHaveLength(8000);
    expect(parseBearer(`Bearer ${'a'.repeat(8001)}`)).toBeUndefined();
    expect(parseBearer(`Bearer a${'='.repeat(9)}`)).toBeUndefined();
  });
});

describe('bearerChallenge (RFC 6750 3)', () => {
  it('names the realm alone to a request without a token', () => {
    expect(bearerChallenge()).toBe('Bearer realm="gatehouse"');
  });

  it('writes error, description and scope', () => {
    expect(bearerChallenge({ realm: 'example', error: 'invalid_token', description: 'The access token expired' })).toBe(
      'Bearer realm="example", error="invalid_token", error_description="The access token expired"',
    );
    expect(bearerChallenge({ error: 'insufficient_scope', scope: 'openid profile' })).toBe(
      'Bearer realm="gatehouse", error="insufficient_scope", scope="openid profile"',
    );
  });

  it('stays one header of quoted values whatever it is given', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (realm, description) => {
        expect(bearerChallenge({ realm, description })).toMatch(
          /^Bearer realm="[^"\\\x00-\x1f\x7f-\u{10ffff}]*", error_description="[^"\\\x00-\x1f\x7f-\u{10ffff}]*"$/u,
        );
      }),
    );
  });
});
