import type { ResponseModeName } from '@gatehouse/domain/oauth';
import type { Reply, SetCookie } from '@gatehouse/platform/http/reply';

/** How the parameters of an authorization response reach the client (OAuth 2.0 Multiple Response Type Encoding Practices 2.1). */
export interface ResponseMode {
  readonly name: ResponseModeName;
  /** True: the one parameter `response` holds all others as a JWT (JARM 2.1). */
  readonly asJwt?: true;
  reply(redirectUri: string, parameters: Readonly<Record<string, string>>, cookies: readonly SetCookie[]): Reply;
}
