/**
 * All response types in their registered spelling. `token` alone is not supported: there is no ID token to bind the access
 * token to, and RFC 9700 2.1.2 advises against it.
 * @see RFC 6749 3.1.1, OAuth 2.0 Multiple Response Type Encoding Practices 3 and 5, OpenID Connect Core 3
 */
export const responseTypeNames = [
  'code',
  'id_token',
  'id_token token',
  'code id_token',
  'code token',
  'code id_token token',
] as const;
export type ResponseTypeName = (typeof responseTypeNames)[number];

/** What the response contains. */
export interface ResponseContents {
  readonly code: boolean;
  readonly idToken: boolean;
  readonly accessToken: boolean;
}

const parts: ReadonlyMap<ResponseTypeName, ResponseContents> = new Map(
  responseTypeNames.map((type) => {
    const words = type.split(' ');
    return [
      type,
      { code: words.includes('code'), idToken: words.includes('id_token'), accessToken: words.includes('token') },
    ];
  }),
);

const bySortedWords: ReadonlyMap<string, ResponseTypeName> = new Map(
  responseTypeNames.map((type) => [sortWords(type), type]),
);

const maxCharacters = 40;

/** Parses a response type with its words in any order (RFC 6749 3.1.1); undefined if unsupported. */
export function findResponseType(text: string): ResponseTypeName | undefined {
  if (text === 'code') return text;
  return text.length > maxCharacters ? undefined : bySortedWords.get(sortWords(text));
}

export function responseContents(type: ResponseTypeName): ResponseContents {
  const returns = parts.get(type);
  if (!returns) throw new Error(`there is no response type ${type}`);
  return returns;
}

/** True where the response contains a token: it must not be returned in a query, which gets into logs. */
export function returnsToken(type: ResponseTypeName): boolean {
  return type !== 'code';
}

function sortWords(text: string): string {
  return text.split(' ').sort().join(' ');
}
