/** Settings that administrators can change while the server runs: see `CurrentSettings`. */
export type EditableKey =
  | 'productName'
  | 'logoPath'
  | 'accent'
  | 'background'
  | 'supportContact'
  | 'termsUrl'
  | 'privacyUrl'
  | 'signUp'
  | 'sessionLifetimeSeconds'
  | 'sessionIdleLifetimeSeconds'
  | 'trustedBrowserLifetimeSeconds';
