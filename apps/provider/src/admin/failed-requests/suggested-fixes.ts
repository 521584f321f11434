import {
  checkClientMetadata,
  clientDraft,
  grantTypeNames,
  isAdministratorGrantedScope,
  parseScope,
  redirectUriProblem,
  type AuthMethod,
  type Client,
  type ClientInput,
} from '@gatehouse/domain/oauth';
import { maxRecordedCharacters, type FailedRequest } from '../../audit/failed-requests.service.js';
import { text, type Message, type TextKey } from '../../i18n/message.js';

/** The change of the client with which the same request would pass the rule. */
export interface SuggestedFix {
  readonly name: FixName;
  /** In every language the same: the page that is posted says with it what it offered. */
  readonly id: string;
  readonly title: Message;
  readonly button: Message;
  readonly why: Message;
  /** The redirect URI that would be registered, with its host apart. */
  readonly uri: UriParts | undefined;
  readonly properties: ClientInput;
}

/** A URI around its host, which decides where people are sent. */
export interface UriParts {
  readonly before: string;
  readonly host: string;
  readonly after: string;
}

/**
 * Who certainly sent a failed request: the client, which authenticated, or the browser in which the administrator who looks at it is
 * signed in. Anyone can have sent all others in the name of the client.
 */
export type KnownSender = 'client' | 'viewer';

type FixName = 'redirectUri' | 'scope' | 'grantType' | 'par' | 'pkce' | 'authMethod';

/**
 * Without proof that the client sent the request, nothing that protects it is turned off: a link on any page makes the
 * administrator's browser send a request.
 */
const fixesOfViewer: readonly FixName[] = ['redirectUri', 'scope'];

/** Where PKCE is required of a client, and by which setting. */
export interface PkceRequirement {
  readonly by: 'server' | 'public client' | 'client';
  readonly text: Message;
}

/** @param viewerId the administrator who looks at the request */
export function knownSenderOf(
  { clientAuthenticated, administratorId }: FailedRequest,
  viewerId: string,
): KnownSender | undefined {
  if (clientAuthenticated) return 'client';
  return administratorId === viewerId ? 'viewer' : undefined;
}

/** Whether a fix turns off what protects the client's sign-ins. */
export function isProtection({ name }: SuggestedFix): boolean {
  return name === 'pkce' || name === 'par';
}

/** Whether a fix for requests of this sender may be offered: it must not be a stranger who decides what is recommended. */
export function isOffered({ name }: SuggestedFix, sender: KnownSender | undefined): boolean {
  return sender === 'client' || (sender === 'viewer' && fixesOfViewer.includes(name));
}

/**
 * The fix for a failed request, based on the current client; {@link isOffered} decides whether the sender is known well enough to
 * offer it. Undefined if no single change would fix it, if it is fixed already, and for scopes that an administrator must grant
 * explicitly.
 */
export function suggestedFixFor(
  failedRequest: FailedRequest,
  client: Client,
  settings: { readonly pkce: string },
): SuggestedFix | undefined {
  const fix = changeOf(failedRequest, client, settings);
  if (!fix) return undefined;
  const checked = checkClientMetadata({
    ...clientDraft(fix.properties, client, client),
    id: client.id,
    createdAt: client.createdAt,
  });
  return 'problems' in checked ? undefined : fix;
}

/** Why a request of this client needs PKCE. */
export function pkceRequirement(client: Client, { pkce }: { readonly pkce: string }): PkceRequirement {
  if (client.type === 'public') return { by: 'public client', text: text('failure.pkceRequiredForPublic') };
  if (pkce === 'required') return { by: 'server', text: text('failure.pkceRequiredByServer') };
  return { by: 'client', text: text('failure.pkceRequiredByClient', { setting: text('client.pkceRequired') }) };
}

/** How the request sent the client's credentials. Values are not stored, but the names of the parameters are. */
export function sentAuthMethod({ parameters }: FailedRequest): AuthMethod {
  if (parameters['client_assertion'] !== undefined) return 'private_key_jwt';
  return parameters['client_secret'] === undefined ? 'client_secret_basic' : 'client_secret_post';
}

function changeOf(
  failedRequest: FailedRequest,
  client: Client,
  settings: { readonly pkce: string },
): SuggestedFix | undefined {
  const { reason, parameters } = failedRequest;
  switch (reason) {
    case 'redirect_uri.unregistered': {
      const uri = parameters['redirect_uri'];
      const parts = uri === undefined ? undefined : offeredUriParts(uri);
      if (uri === undefined || !parts || client.redirectUris.includes(uri)) return undefined;
      return fixOf('redirectUri', `Register ${uri}`, uri, { redirectUris: [...client.redirectUris, uri] }, parts);
    }
    case 'scope.unregistered':
    case 'client_credentials.scope':
      return scopeFix(parameters['scope'], client);
    case 'grant_type.unregistered': {
      const grantType = grantTypeNames.find((name) => name === parameters['grant_type']);
      if (!grantType || client.grantTypes.includes(grantType)) return undefined;
      return fixOf('grantType', `Allow ${grantType}`, grantType, { grantTypes: [...client.grantTypes, grantType] });
    }
    case 'par.required':
      if (!client.requirePushedAuthorizationRequests) return undefined;
      return fixOf('par', 'Accept requests without PAR', text('client.requirePushedAuthorizationRequests'), {
        requirePushedAuthorizationRequests: false,
      });
    case 'pkce.required':
      if (!client.pkceRequired || pkceRequirement(client, settings).by !== 'client') return undefined;
      return fixOf('pkce', 'Stop requiring PKCE', text('client.pkceRequired'), { pkceRequired: false });
    case 'client_auth.method':
      return authMethodFix(sentAuthMethod(failedRequest), client);
    default:
      return undefined;
  }
}

function scopeFix(sent: string | undefined, client: Client): SuggestedFix | undefined {
  const missing = scopeOf(sent).filter((scope) => !client.scope.includes(scope));
  // Anybody can send a request with any client_id: administration scopes are only granted on the client's own page.
  if (missing.length === 0 || missing.some(isAdministratorGrantedScope)) return undefined;
  const named = missing.join(' ');
  return fixOf('scope', `Allow ${named}`, named, { scope: [...client.scope, ...missing] });
}

/** Only between the two ways of sending the same secret: another method would need other credentials. */
function authMethodFix(sent: AuthMethod, client: Client): SuggestedFix | undefined {
  const bySecret: readonly AuthMethod[] = ['client_secret_basic', 'client_secret_post'];
  if (sent === client.authMethod || ![sent, client.authMethod].every((method) => bySecret.includes(method)))
    return undefined;
  return fixOf('authMethod', `Accept ${sent}`, sent, { authMethod: sent });
}

function fixOf(name: FixName, id: string, value: Message, properties: ClientInput, uri?: UriParts): SuggestedFix {
  const title: TextKey = `failure.fix.${name}`;
  const button: TextKey = `failure.fix.${name}Button`;
  const why: TextKey = `failure.fix.${name}Why`;
  return { name, id, title: text(title), button: text(button, { value }), why: text(why, { value }), uri, properties };
}

/**
 * The parts of a redirect URI that may be offered: https, or http on this computer. An application on a device enters a private
 * scheme in its form, because nobody can see from it whose it is. A longer one may have been cut off when it was recorded.
 */
function offeredUriParts(uri: string): UriParts | undefined {
  if (uri.length >= maxRecordedCharacters || redirectUriProblem(uri) !== undefined) return undefined;
  const [, before = '', host = '', after = ''] = /^(https?:\/\/)([^/?]+)(.*)$/i.exec(uri) ?? [];
  return host === '' ? undefined : { before, host, after };
}

function scopeOf(sent: string | undefined): readonly string[] {
  try {
    return parseScope(sent ?? '');
  } catch {
    return [];
  }
}
