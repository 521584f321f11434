import Handlebars from 'handlebars';
import type { TextValues } from './catalogue.js';
import type { Languages } from './languages.js';

/** The last argument that Handlebars passes to a helper. */
interface HelperCall {
  readonly hash: TextValues;
  readonly data: { readonly root: { readonly language?: unknown } };
}

/** `{{t "login.toContinue" client=clientName}}`: a text in the language of the page, with escaped values. */
export function textHelper(languages: Languages): (key: unknown, call: HelperCall) => Handlebars.SafeString {
  return (key, { hash, data }) => {
    const { language } = data.root;
    const catalogue = typeof language === 'string' ? languages.of(language) : languages.usual;
    return new Handlebars.SafeString(catalogue.html(String(key), hash));
  };
}
