import { Text as PlatformText } from '@gatehouse/platform/i18n/message';
import type english from './en.json';
import { builtInTexts } from './built-in.js';

export type TextKey = keyof typeof english;

/** A message of this catalogue, translated when its page is rendered. */
export type Text = PlatformText<TextKey>;

export function text(key: TextKey, values: Text['values'] = {}): Text {
  return new PlatformText(key, values, builtInTexts);
}
