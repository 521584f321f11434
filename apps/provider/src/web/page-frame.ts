import type { WebRequest } from '@gatehouse/platform/http/request';
import type { Navigation, NavigationLink } from './navigation.js';

/** What the frame of a page shows around it: the person, the navigation, the CSRF token of its forms. */
export interface PageFrame {
  readonly navigation: Navigation | undefined;
  readonly [member: string]: unknown;
}

const frames = new WeakMap<WebRequest, () => PageFrame>();

/** Keeps the frame of the person whose session a request has, for an error page of the request. */
export function rememberFrame(request: WebRequest, frame: () => PageFrame): void {
  frames.set(request, frame);
}

/** The frame of the console and the entry of the requested page; undefined if the person does not have that page there. */
export function consoleFrameOf(
  request: WebRequest,
): { readonly frame: PageFrame; readonly entry: NavigationLink } | undefined {
  const frame = frames.get(request)?.();
  const entry = frame?.navigation?.console.flatMap(({ links }) => links).find(({ current }) => current);
  return frame && entry && { frame, entry };
}
