import { localAddress } from '@gatehouse/platform/http/local-address';
import { routes } from './routes.js';

/** Pages that start or end a login: returning to them would start it again. */
const loginPaths: readonly string[] = [routes.login, routes.callback, routes.logout];

/** The local URL to show after a login; the home page if it is invalid. */
export function nextAddress(text: string | undefined): string {
  const address = localAddress(text);
  const path = address?.split(/[?#]/, 1)[0];
  if (address === undefined || loginPaths.some((one) => path === one || path?.startsWith(`${one}/`)))
    return routes.home;
  return address;
}
