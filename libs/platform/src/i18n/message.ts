import type { BuiltInTexts } from './built-in-texts.js';
import type { Catalogue, TextValues } from './catalogue.js';

/** The values of a message; another message is translated first. */
export type MessageValues = Readonly<Record<string, string | number | Text | undefined>>;

/** A message that is translated when its page is rendered; for programs and logs it is English. */
export class Text<Key extends string = string> {
  constructor(
    readonly key: Key,
    readonly values: MessageValues,
    private readonly builtIn: BuiltInTexts,
  ) {}

  in(catalogue: Catalogue): string {
    const values: Record<string, TextValues[string]> = {};
    for (const [name, value] of Object.entries(this.values))
      values[name] = value instanceof Text ? value.in(catalogue) : value;
    return catalogue.plain(this.key, values);
  }

  toString(): string {
    return this.in(this.builtIn.englishCatalogue);
  }

  toJSON(): string {
    return this.toString();
  }
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
