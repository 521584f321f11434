import { masked } from '../flow/mask.js';
import type { Claims, ClientSession, SessionNoticeId } from '../session/client-session.js';

interface ClaimRow {
  readonly name: string;
  readonly value: string;
  /** Epoch seconds, for claims that are instants. */
  readonly at?: number | undefined;
}

interface Notice {
  readonly id: SessionNoticeId;
  readonly sentence: string;
  readonly good: boolean;
  readonly again: boolean;
  readonly requestId: string;
}

const sentences: Readonly<Record<SessionNoticeId, string>> = {
  refreshed: 'The access token was refreshed.',
  'refresh.over':
    'The provider does not refresh this login any more: it was revoked, ended or has expired. Log in again to go on.',
  'refresh.none': 'There is no refresh token, so this access token cannot be renewed. Log in again to get a new one.',
  'provider.changed': 'The provider was changed or removed here since you logged in. Log in again.',
  'provider.unreachable': 'The provider could not be reached, or did not answer in time. Try again in a moment.',
  'provider.invalid_answer': 'The provider sent an invalid response. Nothing was changed.',
};

/** The view model of a session; contains no token values. */
export function homeModel(session: ClientSession, now: number): object {
  const { content } = session;
  const expiresAt = content.accessTokenExpiresAt;
  const over = expiresAt !== undefined && expiresAt <= now;
  return {
    session: {
      username: content.username,
      provider: { id: content.providerId, name: content.providerName, issuer: content.issuer },
      loggedInAt: content.loggedInAt,
      refreshedAt: content.refreshedAt,
      expiresAt: session.expiresAt,
      token: {
        type: content.tokenType,
        scopes: content.scope.split(' ').filter((scope) => scope !== ''),
        expiresAt,
        over,
        remaining: expiresAt === undefined || over ? undefined : remaining(expiresAt - now),
        access: masked(content.accessToken),
        id: masked(content.idToken),
        refresh: content.refreshToken === undefined ? undefined : masked(content.refreshToken),
      },
      claims: rowsOf(content.claims),
      userinfo: content.userinfo && rowsOf(content.userinfo),
      answer: content.apiAnswer && {
        ...content.apiAnswer,
        body: pretty(content.apiAnswer.body),
        good: content.apiAnswer.status < 400,
      },
      notice: noticeOf(session),
    },
  };
}

function noticeOf(session: ClientSession): Notice | undefined {
  const { notice } = session.content;
  if (!notice) return undefined;
  const again = ['refresh.over', 'refresh.none', 'provider.changed'].includes(notice.id);
  return { ...notice, sentence: sentences[notice.id], good: notice.id === 'refreshed', again };
}

const instants: ReadonlySet<string> = new Set(['exp', 'iat', 'nbf', 'auth_time', 'updated_at']);

function rowsOf(claims: Claims): readonly ClaimRow[] {
  return Object.entries(claims).map(([name, value]) => ({
    name,
    value: textOf(value).slice(0, 1000),
    at: instants.has(name) && typeof value === 'number' ? value : undefined,
  }));
}

function textOf(value: unknown): string {
  if (Array.isArray(value) && value.every((one) => typeof one === 'string')) return value.join(', ');
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    return body;
  }
}

function remaining(seconds: number): string {
  if (seconds < 120) return `${seconds} seconds left`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes} minutes left` : `${Math.floor(minutes / 60)} hours left`;
}
