/**
 * Every response type of the authorization endpoint, in its registered spelling. `token` alone is none of them: it has no
 * ID token to bind the access token to, and RFC 9700 2.1.2 advises against it.
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

/** What the answer of a response type has in it. */
export interface Returns {
  readonly code: boolean;
  readonly idToken: boolean;
  readonly accessToken: boolean;
}

const parts: ReadonlyMap<ResponseTypeName, Returns> = new Map(
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

/** The response type that this text means, whatever the order of its words (RFC 6749 3.1.1); undefined for any other. */
export function findResponseType(text: string): ResponseTypeName | undefined {
  if (text === 'code') return text;
  return text.length > maxCharacters ? undefined : bySortedWords.get(sortWords(text));
}

export function returnsOf(type: ResponseTypeName): Returns {
  const returns = parts.get(type);
  if (!returns) throw new Error(`there is no response type ${type}`);
  return returns;
}

/** True where the answer has a token in it: it goes to no server's log, and so into no query. */
export function returnsToken(type: ResponseTypeName): boolean {
  return type !== 'code';
}

function sortWords(text: string): string {
  return text.split(' ').sort().join(' ');
}
