import { localAddress } from '@gatehouse/platform/http/local-address';
import { routes } from './routes.js';

/** Pages that begin or end a login: coming back to them would begin it again. */
const neverAfterLogin: readonly string[] = [routes.login, routes.callback, routes.logout];

/** The local address to show after a login; anything that is none becomes the home page. */
export function nextAddress(text: string | undefined): string {
  const address = localAddress(text);
  const path = address?.split(/[?#]/, 1)[0];
  if (address === undefined || neverAfterLogin.some((one) => path === one || path?.startsWith(`${one}/`)))
    return routes.home;
  return address;
}
