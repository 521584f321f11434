import type { Clock } from '@gatehouse/platform/clock';
import type { CustomFetch, CustomFetchOptions } from 'openid-client';
import { shownField, shownMembers, shownParameters } from './mask.js';
import type { MessageKind, RecordedField, RecordedMessage } from '../session/recorded-message.js';

const maxMessages = 40;
const maxBodyCharacters = 64 * 1024;

/** The newest messages up to the limit. */
export function newestMessages(messages: readonly RecordedMessage[]): readonly RecordedMessage[] {
  return messages.slice(-maxMessages);
}

/** Records the masked messages between browser, client and provider during one login or API call. */
export class MessageRecorder {
  private readonly recorded: RecordedMessage[] = [];
  /** Number of requests that this client sent. */
  sent = 0;
  /** The last request got no response: the provider is unavailable or slow, or the request was blocked. */
  failed = false;

  constructor(private readonly clock: Clock) {}

  get messages(): readonly RecordedMessage[] {
    return this.recorded;
  }

  /** The authorization request of the client or the response of the provider, in a redirect of the browser. */
  redirect(from: 'client' | 'provider', url: URL): void {
    this.add(from, 'authorization', `GET ${url.origin}${url.pathname}`, shownParameters(url.searchParams));
  }

  /** A fetch that records requests and responses. */
  recording(fetch: CustomFetch): CustomFetch {
    return async (url, options) => {
      const kind = kindOf(url, options);
      this.sent++;
      this.add('client', kind, requestLine(url, options), requestFields(options));
      this.failed = true;
      const response = await fetch(url, options);
      this.failed = false;
      const text = (await response.clone().text()).slice(0, maxBodyCharacters);
      this.add('provider', kind, `${response.status} ${response.statusText}`.trim(), [
        ...challengeField(response),
        ...shownMembers(text),
      ]);
      return response;
    };
  }

  private add(from: RecordedMessage['from'], kind: MessageKind, line: string, fields: readonly RecordedField[]): void {
    this.recorded.push({ at: this.clock.now(), from, kind, line, fields });
  }
}

function requestLine(url: string, options: CustomFetchOptions): string {
  const { origin, pathname } = new URL(url);
  return `${options.method} ${origin}${pathname}`;
}

function requestFields(options: CustomFetchOptions): readonly RecordedField[] {
  const authorization = Object.entries(options.headers).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  const credentials = authorization === undefined ? [] : [authorizationField(authorization)];
  return options.body instanceof URLSearchParams ? [...credentials, ...shownParameters(options.body)] : credentials;
}

/** Shows the scheme (Basic, Bearer); the rest is a secret. */
function authorizationField(value: string): RecordedField {
  const space = value.indexOf(' ');
  const secret = shownField('authorization', value.slice(space + 1));
  return { ...secret, name: 'Authorization', value: space < 0 ? '' : value.slice(0, space) };
}

function challengeField(response: Response): readonly RecordedField[] {
  const challenge = response.headers.get('www-authenticate');
  return challenge === null ? [] : [shownField('WWW-Authenticate', challenge)];
}

function kindOf(url: string, options: CustomFetchOptions): MessageKind {
  const { pathname } = new URL(url);
  if (pathname.includes('/.well-known/openid-configuration')) return 'discovery';
  if (options.body instanceof URLSearchParams) {
    const grantType = options.body.get('grant_type');
    if (grantType === 'authorization_code') return 'code';
    return grantType === 'refresh_token' ? 'refresh' : 'form';
  }
  if (pathname.includes('jwks')) return 'keys';
  return pathname.includes('userinfo') ? 'userinfo' : 'api';
}
