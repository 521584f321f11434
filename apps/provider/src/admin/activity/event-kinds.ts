import { auditTypes, type AuditType } from '../../audit/audit.service.js';
import { text, type Text } from '../../i18n/message.js';

interface EventKind {
  /** The value of the filter. */
  readonly value: string;
  readonly label: Text;
  includes(type: AuditType): boolean;
}

const failures: readonly AuditType[] = [
  'login.failed',
  'login.throttled',
  'factor.failed',
  'user.password_wrong',
  'consent.denied',
  'code.replayed',
  'token.replayed',
  'access.denied',
];

/** Groups of event types that are shown together. */
const kinds: readonly EventKind[] = [
  { value: 'sign-ins', label: text('audit.kind.signIns'), includes: isOf('login', 'logout', 'session') },
  { value: 'failures', label: text('audit.kind.failures'), includes: (type) => failures.includes(type) },
  { value: 'accounts', label: text('audit.kind.accounts'), includes: isOf('user', 'role') },
  { value: 'methods', label: text('audit.kind.methods'), includes: isOf('factor', 'browser') },
  {
    value: 'applications',
    label: text('audit.kind.applications'),
    includes: isOf('client', 'application', 'initial_access_token', 'resource', 'trusted_issuer'),
  },
  { value: 'access', label: text('audit.kind.access'), includes: isOf('consent', 'grant', 'code', 'token') },
  {
    value: 'system',
    label: text('audit.kind.system'),
    includes: isOf('key', 'audit', 'message', 'mail', 'settings', 'access'),
  },
];

/** The part of a type before the dot. */
function isOf(...areas: readonly string[]): EventKind['includes'] {
  return (type) => areas.includes(type.split('.')[0] ?? '');
}

/**
 * The event types that a filter names: a kind, a type (`login.failed`), or all types of an area (`login`).
 * @returns undefined if it names none
 */
export function typesOf(filter: string): readonly AuditType[] | undefined {
  const kind = kinds.find(({ value }) => value === filter);
  const types = auditTypes.filter((type) =>
    kind ? kind.includes(type) : type === filter || type.startsWith(`${filter}.`),
  );
  return types.length > 0 ? types : undefined;
}

/** The name of a filter; a type or an area has its own. */
export function kindLabel(filter: string): Text | string {
  return kinds.find(({ value }) => value === filter)?.label ?? filter;
}

/** The options of the filter; a type or an area that is chosen is one of them. */
export function kindOptions(chosen: string): readonly object[] {
  const isListed = chosen === '' || kinds.some(({ value }) => value === chosen);
  return [
    { value: '', label: text('audit.kind.all') },
    ...kinds.map(({ value, label }) => ({ value, label })),
    ...(isListed || !typesOf(chosen) ? [] : [{ value: chosen, label: chosen }]),
  ];
}
