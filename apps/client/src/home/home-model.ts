import { text, type Text } from '../i18n/message.js';
import type { Claims, ClientSession, SessionNoticeId } from '../session/client-session.js';
import { hiddenText } from '../web/message-model.js';

interface ClaimRow {
  readonly name: string;
  readonly value: string;
  /** Epoch seconds, for claims that are instants. */
  readonly at?: number | undefined;
}

interface Notice {
  readonly id: SessionNoticeId;
  readonly sentence: Text;
  readonly good: boolean;
  readonly again: boolean;
  readonly requestId: string;
}

/** A row of `ui/facts`. */
interface Fact {
  readonly label: Text;
  readonly value?: string | Text | undefined;
  readonly code?: string | undefined;
  readonly codes?: readonly string[] | undefined;
  /** Epoch seconds. */
  readonly at?: number | undefined;
}

/** The view model of a session; contains no token values. */
export function homeModel(session: ClientSession, now: number): object {
  const { content } = session;
  return {
    session: {
      username: content.username,
      provider: { id: content.providerId, name: content.providerName },
      facts: sessionFacts(session),
      tokenFacts: tokenFacts(session, now),
      claims: rowsOf(content.claims),
      userinfo: content.userinfo && rowsOf(content.userinfo),
      answer: content.apiAnswer && {
        ...content.apiAnswer,
        body: pretty(content.apiAnswer.body),
      },
      notice: noticeOf(session),
    },
  };
}

function sessionFacts({ content, expiresAt }: ClientSession): readonly Fact[] {
  return [
    { label: text('home.provider'), value: content.providerName },
    { label: text('home.issuer'), code: content.issuer },
    { label: text('home.signedInAt'), at: content.loggedInAt },
    { label: text('home.sessionEnds'), at: expiresAt },
  ];
}

function tokenFacts({ content }: ClientSession, now: number): readonly Fact[] {
  const { accessTokenExpiresAt: expiresAt, refreshToken, refreshedAt } = content;
  const hidden = (token: string): Text => hiddenText(token.length);
  return [
    { label: text('token.type'), code: content.tokenType },
    { label: text('token.scopes'), codes: content.scope.split(' ').filter((scope) => scope !== '') },
    expiresAt === undefined
      ? { label: text('token.expires'), value: text('token.notSaid') }
      : { label: text(expiresAt <= now ? 'token.expired' : 'token.expires'), at: expiresAt },
    { label: text('token.access'), value: hidden(content.accessToken) },
    { label: text('token.refresh'), value: refreshToken === undefined ? text('token.none') : hidden(refreshToken) },
    { label: text('token.id'), value: hidden(content.idToken) },
    ...(refreshedAt === undefined ? [] : [{ label: text('token.refreshedAt'), at: refreshedAt }]),
  ];
}

function noticeOf(session: ClientSession): Notice | undefined {
  const { notice } = session.content;
  if (!notice) return undefined;
  const again = ['refresh.over', 'refresh.none', 'provider.changed'].includes(notice.id);
  return { ...notice, sentence: text(`notice.${notice.id}`), good: notice.id === 'refreshed', again };
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
