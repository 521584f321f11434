import type { IncomingMessage } from 'node:http';
import type { ShownPage } from '@gatehouse/platform/http/reply-writer';
import type { Catalogue } from '../i18n/catalogue.js';
import type { Languages } from '../i18n/languages.js';
import { translate } from '../i18n/message.js';
import { directionOf, themeOf } from '../web/appearance.js';
import type { LanguageCookie } from '../web/language-cookie.js';
import { routes } from '../web/routes.js';

export interface PresenterOptions {
  readonly languages: Languages;
  readonly languageCookie: LanguageCookie;
  /** Prefixes of views that are in English only. */
  readonly englishViews: readonly string[];
}

/**
 * Creates the function that translates the model of a page to the language of the request: the one that the user chose, else
 * what the client or the browser prefers. It adds `language`, `direction`, `theme` and `languageLinks`.
 */
export function pagePresenter({
  languages,
  languageCookie,
  englishViews,
}: PresenterOptions): (page: ShownPage, request: IncomingMessage | undefined) => object {
  const named = languages.tags.map((tag) => ({ tag, name: languages.nameOf(tag) }));
  /**
   * Links to this page in every language; none where there is no choice, and none where the link would lose something: on the
   * response to a form (what was entered, or a secret that is shown once), and where the address has a token or is long.
   */
  const linksOf = (current: string, request: IncomingMessage | undefined): object[] => {
    if (named.length < 2 || request?.method !== 'GET') return [];
    const address = addressOf(request);
    if (address.length > maxAddressCharacters || hasUnrepeatable(address)) return [];
    const next = encodeURIComponent(address);
    return named.map(({ tag, name }) => ({
      tag,
      name,
      current: tag === current,
      href: `${routes.language}?to=${tag}&next=${next}`,
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
      languageLinks: isEnglishOnly(page) ? [] : linksOf(language, request),
    };
  };
}

/** Longer addresses are not accepted as the next page (`localAddress`). */
const maxAddressCharacters = 1900;
/** Parameters that must not be repeated in a link: credentials, and addresses of an invalid authorization or logout request. */
const unrepeatableParameters = ['token', 'invitation', 'id_token_hint', 'redirect_uri', 'post_logout_redirect_uri'];

/** Names are compared decoded: `%74oken` is `token`. */
function hasUnrepeatable(address: string): boolean {
  const query = new URLSearchParams(address.split('?').slice(1).join('?'));
  return unrepeatableParameters.some((name) => query.has(name));
}

/** Path and query of the page, with which it can be loaded again. */
function addressOf(request: IncomingMessage & { readonly originalUrl?: string | undefined }): string {
  return request.originalUrl ?? request.url ?? routes.home;
}
