/** Every path of the client, once. */
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
  health: '/healthz',
  assets: '/assets',
} as const;

/** Where one provider's pages lie. */
export function providerPaths(id: string): { readonly edit: string; readonly remove: string; readonly login: string } {
  const name = encodeURIComponent(id);
  return {
    edit: `${routes.providers}/update/${name}`,
    remove: `${routes.providers}/delete/${name}`,
    login: `${routes.login}/${name}`,
  };
}
