import type { Reply, SetCookie } from '@gatehouse/server/web/reply';

/** How the parameters of an authorization response reach the client (OAuth 2.0 Multiple Response Type Encoding Practices 2.1). */
export interface ResponseMode {
  readonly name: 'query' | 'fragment' | 'form_post';
  reply(redirectUri: string, parameters: Readonly<Record<string, string>>, cookies: readonly SetCookie[]): Reply;
}
