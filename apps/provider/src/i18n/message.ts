import { Text as PlatformText } from '@gatehouse/platform/i18n/message';
import type english from './en.json';
import { builtInTexts } from './built-in.js';

export type TextKey = keyof typeof english;

/** A message of this catalogue, translated when its page is rendered. */
export type Text = PlatformText<TextKey>;

/** True if the text exists; for keys that are composed at run time. */
export function hasText(key: string): key is TextKey {
  return builtInTexts.has(key);
}

/** A message for users, translated; or a plain English string for administrators. */
export type Message = string | Text;

/** Concatenates messages. */
export function joined(first: Message | undefined, second: Message): Message {
  return first === undefined ? second : text('form.sentences', { first, second });
}

export function text(key: TextKey, values: Text['values'] = {}): Text {
  return new PlatformText(key, values, builtInTexts);
}
