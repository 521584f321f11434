import type { IncomingMessage } from 'node:http';
import type { ShownPage } from '@gatehouse/platform/http/reply-writer';
import type { Languages } from '../i18n/languages.js';
import { translate } from '../i18n/message.js';
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
 * what the client or the browser prefers. It adds `language` and `languageLinks`.
 */
export function pagePresenter({
  languages,
  languageCookie,
  englishViews,
}: PresenterOptions): (page: ShownPage, request: IncomingMessage | undefined) => object {
  const named = languages.tags.map((tag) => ({ tag, name: languages.nameOf(tag) }));
  /** Links to this page in every language; none where there is no choice. */
  const linksOf = (current: string, request: IncomingMessage | undefined): object[] => {
    if (named.length < 2 || !request) return [];
    const next = encodeURIComponent(addressOf(request));
    return named.map(({ tag, name }) => ({
      tag,
      name,
      current: tag === current,
      href: `${routes.language}?to=${tag}&next=${next}`,
    }));
  };
  return (page, request) => {
    if (englishViews.some((prefix) => page.view.startsWith(`${prefix}/`))) {
      const catalogue = languages.of('en');
      return { ...(translate(page.model, catalogue) as object), language: catalogue.language, languageLinks: [] };
    }
    const chosen = languages.find(request && languageCookie.find(request));
    const catalogue =
      chosen === undefined
        ? languages.choose(page.languages, request?.headers['accept-language'])
        : languages.of(chosen);
    const { language } = catalogue;
    return {
      ...(translate(page.model, catalogue) as object),
      language,
      languageLinks: linksOf(language, request),
    };
  };
}

/** Path and query of the page, with which it can be loaded again. */
function addressOf(request: IncomingMessage & { readonly originalUrl?: string | undefined }): string {
  return request.originalUrl ?? request.url ?? routes.home;
}
