import Handlebars from 'handlebars';
import type { TextValues } from './catalogue.js';
import type { Languages } from './languages.js';

/** What Handlebars gives a helper last. */
interface HelperCall {
  readonly hash: TextValues;
  readonly data: { readonly root: { readonly language?: unknown } };
}

/** `{{t "login.toContinue" client=clientName}}`: a text in the language of the page, its values escaped. */
export function textHelper(languages: Languages): (key: unknown, call: HelperCall) => Handlebars.SafeString {
  return (key, { hash, data }) => {
    const { language } = data.root;
    const catalogue = typeof language === 'string' ? languages.of(language) : languages.usual;
    return new Handlebars.SafeString(catalogue.html(String(key), hash));
  };
}
