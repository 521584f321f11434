/** How the feed of events shows a type: its icon, and a color for what needs a look. */
export interface EventIcon {
  readonly icon: string;
  readonly kind?: 'good' | 'warn' | 'bad';
}

const ofTypes: Readonly<Record<string, EventIcon>> = {
  'login.succeeded': { icon: 'log-in', kind: 'good' },
  'login.failed': { icon: 'circle-alert', kind: 'bad' },
  'login.throttled': { icon: 'triangle-alert', kind: 'warn' },
  'factor.failed': { icon: 'circle-alert', kind: 'bad' },
  'factor.reset': { icon: 'fingerprint', kind: 'warn' },
  'user.deleted': { icon: 'user', kind: 'warn' },
  'user.disabled': { icon: 'user', kind: 'warn' },
  'user.invited': { icon: 'mail-plus' },
  'user.password_wrong': { icon: 'circle-alert', kind: 'bad' },
  'client.secret_rotated': { icon: 'key-round' },
  'client.deleted': { icon: 'app-window', kind: 'warn' },
  'client.disabled': { icon: 'app-window', kind: 'warn' },
  'consent.denied': { icon: 'circle-alert', kind: 'warn' },
  'grant.created': { icon: 'log-in', kind: 'good' },
  'code.replayed': { icon: 'circle-alert', kind: 'bad' },
  'token.replayed': { icon: 'circle-alert', kind: 'bad' },
  'access.denied': { icon: 'circle-alert', kind: 'bad' },
};

/** By the part of the type before the dot. */
const ofAreas: Readonly<Record<string, EventIcon>> = {
  login: { icon: 'log-in' },
  logout: { icon: 'log-out' },
  session: { icon: 'monitor-smartphone' },
  factor: { icon: 'fingerprint' },
  browser: { icon: 'monitor-smartphone' },
  user: { icon: 'user' },
  role: { icon: 'users' },
  client: { icon: 'app-window' },
  application: { icon: 'app-window' },
  initial_access_token: { icon: 'key-round' },
  resource: { icon: 'boxes' },
  trusted_issuer: { icon: 'waypoints' },
  consent: { icon: 'badge-check' },
  grant: { icon: 'badge-check' },
  token: { icon: 'key-round' },
  key: { icon: 'key' },
  audit: { icon: 'scroll-text' },
  message: { icon: 'mail' },
  mail: { icon: 'mail' },
  settings: { icon: 'server' },
};

export function eventIcon(type: string): EventIcon {
  return ofTypes[type] ?? ofAreas[type.split('.')[0] ?? ''] ?? { icon: 'scroll-text' };
}
