import type english from './en.json';
import type { Catalogue, TextValues } from './catalogue.js';
import { englishCatalogue } from './built-in.js';

export type TextKey = keyof typeof english;

/** A message that is translated when its page is rendered; for programs and logs it is English. */
export class Text {
  constructor(
    readonly key: TextKey,
    readonly values: Readonly<Record<string, string | number | Text | undefined>>,
  ) {}

  in(catalogue: Catalogue): string {
    const values: Record<string, TextValues[string]> = {};
    for (const [name, value] of Object.entries(this.values))
      values[name] = value instanceof Text ? value.in(catalogue) : value;
    return catalogue.plain(this.key, values);
  }

  toString(): string {
    return this.in(englishCatalogue());
  }

  toJSON(): string {
    return this.toString();
  }
}

/** True if the text exists; for keys that are composed at run time. */
export function hasText(key: string): key is TextKey {
  return englishCatalogue().has(key);
}

/** A message for users, translated; or a plain English string for administrators. */
export type Message = string | Text;

/** Concatenates messages. */
export function joined(first: Message | undefined, second: Message): Message {
  return first === undefined ? second : text('form.sentences', { first, second });
}

export function text(key: TextKey, values: Text['values'] = {}): Text {
  return new Text(key, values);
}

/** Replaces every {@link Text} in a view model by its translation. Models consist of plain objects and arrays. */
export function translate(model: unknown, catalogue: Catalogue): unknown {
  if (model instanceof Text) return model.in(catalogue);
  if (Array.isArray(model)) return model.map((each) => translate(each, catalogue));
  if (!isPlainObject(model)) return model;
  const copy: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(model)) copy[name] = translate(value, catalogue);
  return copy;
}

function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
