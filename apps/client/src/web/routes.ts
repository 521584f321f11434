/** All paths of the client. */
export const routes = {
  home: '/',
  login: '/login',
  callback: '/authorized',
  logout: '/logout',
  backchannelLogout: '/logout/backchannel',
  messages: '/messages',
  callApi: '/call-api',
  refresh: '/refresh',
  providers: '/providers',
  addProvider: '/providers/add',
  unlockProviders: '/providers/unlock',
  lockProviders: '/providers/lock',
  language: '/language',
  theme: '/theme',
  health: '/healthz',
  assets: '/assets',
} as const;

/** The page with the form whose response has this path, or where a failed sign-in starts again. */
export function pageOfForm(path: string): string {
  if (path === routes.callback) return routes.login;
  if (path === routes.callApi || path === routes.refresh) return routes.home;
  return path === routes.lockProviders ? routes.providers : path;
}

/** Paths of the pages of a provider. */
export function providerPaths(id: string): { readonly edit: string; readonly remove: string; readonly login: string } {
  const name = encodeURIComponent(id);
  return {
    edit: `${routes.providers}/update/${name}`,
    remove: `${routes.providers}/delete/${name}`,
    login: `${routes.login}/${name}`,
  };
}
