import type { Client } from '@gatehouse/domain/oauth';
import type { FailedRequest } from '../../audit/failed-requests.service.js';
import type { Settings } from '../../config/settings.js';
import { hasText, text, type Message, type Text } from '../../i18n/message.js';
import { routes } from '../../web/routes.js';
import { ruleOf } from './failure-rules.js';
import {
  isOffered,
  isProtection,
  knownSenderOf,
  pkceRequirement,
  suggestedFixFor,
  type SuggestedFix,
} from './suggested-fixes.js';

/** Why a request failed and what helps, for the page. */
export interface FailureExplanation {
  readonly requirement: Message | undefined;
  /** What asks for it, where that is a setting. */
  readonly setting: Message | undefined;
  /** The redirect URI of the request, and the registered one that is most like it. */
  readonly difference: { readonly requested: string; readonly registered: string } | undefined;
  /** What to change in the application. */
  readonly advice: Message | undefined;
  /** What to change here instead. */
  readonly fix:
    | (Omit<SuggestedFix, 'name' | 'properties'> & {
        /** Whether the only sign of who sent the request is the viewer's browser. */
        readonly isOfViewer: boolean;
      })
    | undefined;
  readonly isDisabled: boolean;
  /** Nothing is offered, because anyone can have sent the request; how to check it instead. */
  readonly unknownSender: Message | undefined;
}

/** What a failed request is explained with. */
export interface FailureView {
  readonly client: Client | undefined;
  readonly settings: Settings;
  /** The administrator who looks at it. */
  readonly viewerId: string;
}

export function explanationOf(failedRequest: FailedRequest, view: FailureView): FailureExplanation {
  const { reason } = failedRequest;
  const { client, settings } = view;
  const fix = offeredFixOf(failedRequest, view);
  const isDisabled = isEnableOffered(failedRequest, view);
  return {
    requirement: ruleOf(reason).requirement,
    setting: client && reason === 'pkce.required' ? pkceRequirement(client, settings).text : undefined,
    difference: client && differenceOf(failedRequest, client),
    advice: adviceOf(reason, client),
    fix: fix && {
      id: fix.id,
      title: fix.title,
      button: fix.button,
      why: fix.why,
      uri: fix.uri,
      isOfViewer: knownSenderOf(failedRequest, view.viewerId) === 'viewer',
    },
    isDisabled,
    unknownSender: fix || isDisabled ? undefined : unknownSenderText(failedRequest, view),
  };
}

/** Whether one button on the page would let the same request pass. */
export function isFixable(failedRequest: FailedRequest, view: FailureView): boolean {
  return isEnableOffered(failedRequest, view) || offeredFixOf(failedRequest, view) !== undefined;
}

/** The fix that the page offers to this administrator. */
export function offeredFixOf(
  failedRequest: FailedRequest,
  { client, settings, viewerId }: FailureView,
): SuggestedFix | undefined {
  const fix = client && suggestedFixFor(failedRequest, client, settings);
  return fix && isOffered(fix, knownSenderOf(failedRequest, viewerId)) ? fix : undefined;
}

/** Whether the page offers this administrator to enable the client, which never authenticates while it is disabled. */
export function isEnableOffered(failedRequest: FailedRequest, { client, viewerId }: FailureView): boolean {
  return isDisabledClient(failedRequest, client) && knownSenderOf(failedRequest, viewerId) !== undefined;
}

/** Why a change that would let the request pass is not offered. */
function unknownSenderText(failedRequest: FailedRequest, { client, settings }: FailureView): Message | undefined {
  const fix = client && suggestedFixFor(failedRequest, client, settings);
  const isDisabled = isDisabledClient(failedRequest, client);
  if (!fix && !isDisabled) return undefined;
  if (fix && isProtection(fix)) return text('failed.unknownSender', { kind: 'protection' });
  return text('failed.unknownSender', { kind: failedRequest.endpoint === 'authorize' ? 'browser' : 'server' });
}

function isDisabledClient({ reason }: FailedRequest, client: Client | undefined): boolean {
  return client?.disabledAt !== undefined && ['client.disabled', 'client_auth.unknown'].includes(reason);
}

function adviceOf(reason: string, client: Client | undefined): Text | undefined {
  const key = `failure.advice.${reason}`;
  if (!hasText(key)) return undefined;
  // The client is known where the advice names its method.
  if (client === undefined && reason.startsWith('client_auth.') && reason !== 'client_auth.unknown') return undefined;
  return text(key, { method: client?.authMethod ?? '' });
}

function differenceOf({ reason, parameters }: FailedRequest, client: Client): FailureExplanation['difference'] {
  const requested = parameters['redirect_uri'];
  if (reason !== 'redirect_uri.unregistered' || requested === undefined) return undefined;
  const [registered] = [...client.redirectUris].sort((a, b) => likeness(requested, b) - likeness(requested, a));
  return registered === undefined || registered === requested ? undefined : { requested, registered };
}

/** The number of equal characters at the beginning and the end. */
function likeness(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let start = 0;
  while (start < most && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < most - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return start + end;
}

export function pathOf({ selector }: FailedRequest): string {
  return `${routes.failedRequests}/${selector.toString(36)}`;
}

export function clientHref({ id }: Client): string {
  return `${routes.clients}/update/${encodeURIComponent(id)}`;
}

export function endpointText({ endpoint }: FailedRequest): Message {
  const key = `failed.endpoint.${endpoint}`;
  return hasText(key) ? text(key) : endpoint;
}

export function subOf(failedRequest: FailedRequest, client: Client | undefined): Text {
  const { clientId, at } = failedRequest;
  return text('failed.sub', {
    known: client ? 'yes' : clientId === undefined ? 'no' : 'unknown',
    endpoint: endpointText(failedRequest),
    client: client?.name ?? clientId ?? '',
    at: at * 1000,
  });
}

/** The model of `ui/facts`. */
export function ruleFacts({ reason, error, description, requestId, address }: FailedRequest): readonly object[] {
  const { clause } = ruleOf(reason);
  return [
    ...(clause === undefined ? [] : [{ label: text('failed.specification'), value: clause }]),
    { label: text('failed.rule'), code: reason },
    { label: text('failed.error'), code: error },
    { label: text('failed.description'), value: description },
    { label: text('failed.requestId'), copy: requestId },
    { label: text('failed.from'), value: address },
  ];
}

/** The model of `ui/facts`. */
export function parameterFacts({ parameters }: FailedRequest): readonly object[] {
  return Object.entries(parameters).map(([name, value]) => ({ label: name, code: value }));
}
