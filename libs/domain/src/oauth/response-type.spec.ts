import { findResponseType, responseTypeNames, responseContents, returnsToken } from './response-type.js';

describe('response types (OAuth 2.0 Multiple Response Type Encoding Practices)', () => {
  it.each([
    ['code', 'code'],
    ['token id_token', 'id_token token'],
    ['id_token code', 'code id_token'],
    ['token code', 'code token'],
    ['token id_token code', 'code id_token token'],
    ['id_token token code', 'code id_token token'],
  ])('%s means %s: the order of words says nothing (RFC 6749 3.1.1)', (text, meant) => {
    expect(findResponseType(text)).toBe(meant);
  });

  it.each([
    'token',
    'none',
    '',
    'Code',
    'code code',
    'code  id_token',
    'code id_token token token',
    'code '.repeat(1000),
  ])('%j is none of ours', (text) => {
    expect(findResponseType(text)).toBeUndefined();
  });

  it('gives back every one by its own name, and says what it returns', () => {
    for (const name of responseTypeNames) {
      expect(findResponseType(name)).toBe(name);
      const { code, idToken, accessToken } = responseContents(name);
      expect([...(code ? ['code'] : []), ...(idToken ? ['id_token'] : []), ...(accessToken ? ['token'] : [])]).toEqual(
        name.split(' '),
      );
      expect(returnsToken(name)).toBe(idToken || accessToken);
    }
  });
});
