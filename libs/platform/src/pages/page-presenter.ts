import type { IncomingMessage } from 'node:http';
import type { ShownPage } from '../http/reply-writer.js';
import { pathOf } from '../http/request.js';
import type { Catalogue } from '../i18n/catalogue.js';
import type { Languages } from '../i18n/languages.js';
import { translate } from '../i18n/message.js';
import { directionOf, themeChoices, themeOf } from './appearance.js';
import type { LanguageCookie } from './language-cookie.js';

export interface PresenterOptions {
  readonly languages: Languages;
  readonly languageCookie: LanguageCookie;
  /** The path that stores the chosen language and returns to the page: `?to=de&next=/account`. */
  readonly languagePath: string;
  /** The same for the color scheme; without it, pages have no such links. */
  readonly themePath?: string | undefined;
  /** Paths whose pages are shown once, such as a redirect URI. */
  readonly unrepeatablePaths?: readonly string[] | undefined;
  /** The page that links lead to from one that cannot be loaded again; without it, such pages have no links. */
  readonly otherPage?: ((path: string, shown: OnceShown) => string | undefined) | undefined;
  /** Prefixes of views that are in English only. */
  readonly englishViews?: readonly string[] | undefined;
}

/** A page that cannot be loaded again by its address. */
export interface OnceShown {
  readonly method: string | undefined;
  readonly model: object;
}

type PresentedRequest = IncomingMessage & { readonly originalUrl?: string | undefined };

/**
 * Creates the function that translates the model of a page to the language of the request: the one that the user chose, else
 * what the client or the browser prefers. It adds `language`, `direction`, `theme`, `languageLinks` and `themeLinks`.
 */
export function pagePresenter({
  languages,
  languageCookie,
  languagePath,
  themePath,
  unrepeatablePaths = [],
  otherPage,
  englishViews = [],
}: PresenterOptions): (page: ShownPage, request: IncomingMessage | undefined) => object {
  const named = languages.tags.map((tag) => ({ tag, name: languages.nameOf(tag) }));
  const addressAfter = ({ model }: ShownPage, request: PresentedRequest | undefined): string | undefined => {
    const path = request && pathOf(request);
    const address = path === undefined || unrepeatablePaths.includes(path) ? undefined : repeatableAddress(request);
    return address ?? (path === undefined ? undefined : otherPage?.(path, { method: request?.method, model }));
  };
  /** Links to this page in every language; none where there is no choice. */
  const languageLinks = (current: string, page: ShownPage, request: PresentedRequest | undefined): object[] => {
    const next = named.length < 2 ? undefined : addressAfter(page, request);
    if (next === undefined) return [];
    return named.map(({ tag, name }) => ({
      tag,
      name,
      current: tag === current,
      href: `${languagePath}?to=${tag}&next=${encodeURIComponent(next)}`,
    }));
  };
  const themeLinks = (page: ShownPage, request: PresentedRequest | undefined): object[] => {
    const next = addressAfter(page, request);
    if (themePath === undefined || next === undefined) return [];
    const current = themeOf(request) ?? 'auto';
    return themeChoices.map((theme) => ({
      theme,
      current: theme === current,
      href: `${themePath}?to=${theme}&next=${encodeURIComponent(next)}`,
    }));
  };
  const isEnglishOnly = ({ view }: ShownPage): boolean => englishViews.some((prefix) => view.startsWith(`${prefix}/`));
  const catalogueFor = (page: ShownPage, request: IncomingMessage | undefined): Catalogue => {
    if (isEnglishOnly(page)) return languages.of('en');
    const chosen = languages.find(request && languageCookie.find(request));
    return chosen === undefined
      ? languages.choose(page.languages, request?.headers['accept-language'])
      : languages.of(chosen);
  };
  return (page, request) => {
    const catalogue = catalogueFor(page, request);
    const { language } = catalogue;
    return {
      direction: directionOf(language),
      theme: themeOf(request),
      ...(translate(page.model, catalogue) as object),
      language,
      languageLinks: isEnglishOnly(page) ? [] : languageLinks(language, page, request),
      themeLinks: themeLinks(page, request),
    };
  };
}

/** Longer addresses are not accepted as the next page (`localAddress`). */
const maxAddressCharacters = 1900;
/** Parameters that must not be repeated in a link: credentials, and addresses of an invalid authorization or logout request. */
const unrepeatableParameters = [
  'code',
  'token',
  'invitation',
  'id_token_hint',
  'redirect_uri',
  'post_logout_redirect_uri',
];

/**
 * Path and query of the page, with which it can be loaded again. Undefined where that would lose something: for the response to
 * a form (what was entered, or a secret that is shown once), and where the address has a credential or is long.
 */
function repeatableAddress(request: PresentedRequest | undefined): string | undefined {
  if (request?.method !== 'GET') return undefined;
  const address = request.originalUrl ?? request.url ?? '/';
  return address.length > maxAddressCharacters || hasUnrepeatable(address) ? undefined : address;
}

/** Names are compared decoded: `%74oken` is `token`. */
function hasUnrepeatable(address: string): boolean {
  const query = new URLSearchParams(address.split('?').slice(1).join('?'));
  return unrepeatableParameters.some((name) => query.has(name));
}
