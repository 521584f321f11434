import type { OnceShown } from '@gatehouse/platform/pages/page-presenter';
import { routes } from './routes.js';

/** Pages with a form that keep nothing but the authorization request, which their address names. */
const pages: readonly string[] = [
  routes.login,
  routes.signUp,
  routes.secondFactor,
  routes.forgotPassword,
  routes.consent,
];

/** The page to which the language links of a failed form lead; undefined where that would lose more than what was typed. */
export function pageOfForm(path: string, { method, model }: OnceShown): string | undefined {
  const { pending, invitation } = model as { readonly pending?: unknown; readonly invitation?: unknown };
  const page = path === `${routes.login}/passkey` ? routes.login : path;
  if (method !== 'POST' || invitation !== undefined || !pages.includes(page)) return undefined;
  return typeof pending === 'string' && pending !== '' ? `${page}?request=${encodeURIComponent(pending)}` : page;
}
