import Handlebars from 'handlebars';
import type { Catalogue, TextValues } from './catalogue.js';
import type { Languages } from './languages.js';

/** The last argument that Handlebars passes to a helper. */
interface HelperCall {
  readonly hash: TextValues & { readonly with?: unknown };
  readonly data: { readonly root: { readonly language?: unknown } };
}

/**
 * `{{t "login.toContinue" client=clientName}}`: a text in the language of the page, with escaped values. `{{t key with=values}}`
 * takes the values from an object.
 */
export function textHelper(languages: Languages): (key: unknown, call: HelperCall) => Handlebars.SafeString {
  return (key, { hash: { with: more, ...values }, data }) => {
    const all = typeof more === 'object' && more !== null ? { ...(more as TextValues), ...values } : values;
    return new Handlebars.SafeString(catalogueOf(languages, data.root).html(String(key), all));
  };
}

/** The catalogue in which a page is shown, given its model. */
export function catalogueOf(languages: Languages, { language }: { readonly language?: unknown }): Catalogue {
  return typeof language === 'string' ? languages.of(language) : languages.fallback;
}
