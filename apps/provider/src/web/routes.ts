/** Every path of the provider. Controllers, links, metadata and tests use these constants. */
export const routes = {
  root: '/',
  home: '/home',
  language: '/language',
  search: '/search',
  login: '/login',
  passkeyLogin: '/login/passkey',
  secondFactor: '/login/factor',
  cancelLogin: '/login/cancel',
  dismissLogin: '/login/dismiss',
  logout: '/logout',
  resumeForm: '/resume',
  signUp: '/sign-up',
  forgotPassword: '/password/forgot',
  setPassword: '/password/set',
  confirmEmail: '/email/confirm',
  consent: '/consent',
  device: '/device',

  account: '/account',
  profile: '/account/profile',
  email: '/account/email',
  ownData: '/account/data',
  deleteAccount: '/account/delete',
  factors: '/account/factors',
  passkeys: '/account/passkeys',
  security: '/account/security',
  clients: '/client',
  clientLogo: '/client-logo',
  resources: '/resource',
  issuers: '/issuer',
  users: '/user',
  roles: '/user/roles',
  signInSettings: '/settings/sign-in',
  branding: '/settings/branding',
  invitations: '/user/invite',
  userFactors: '/user/factors',
  selectedUsers: '/user/selected',
  selectedClients: '/client/selected',
  userSessions: '/user/sessions',
  userApplications: '/user/apps',
  userActivity: '/user/activity',
  tokens: '/token',
  grants: '/grant',
  dashboard: '/admin',
  system: '/admin/system',
  audit: '/audit',
  failedRequests: '/failed-request',
  sessions: '/session',
  keys: '/key',
  messages: '/message',

  authorize: '/oauth/authorize',
  token: '/oauth/token',
  par: '/oauth/par',
  introspect: '/oauth/introspect',
  revoke: '/oauth/revoke',
  register: '/oauth/register',
  deviceAuthorization: '/oauth/device',
  userinfo: '/oauth/userinfo',
  endSession: '/oauth/logout',
  checkSession: '/oauth/check-session',
  me: '/api/me',
  adminApi: '/api/admin/v1',

  openidConfiguration: '/.well-known/openid-configuration',
  authorizationServerMetadata: '/.well-known/oauth-authorization-server',
  jwks: '/.well-known/jwks.json',

  health: '/healthz',
  ready: '/readyz',
  assets: '/assets',
  /** In development only. */
  gallery: '/development/components',
} as const;

/** The login page that returns to a local address. */
export function loginFor(address: string): string {
  return `${routes.login}?next=${encodeURIComponent(address)}`;
}

/** The page for a device's code, with the code filled in (RFC 8628 3.3.1). */
export function deviceAddress(userCode: string): string {
  return `${routes.device}?user_code=${encodeURIComponent(userCode)}`;
}
