import { builtInTexts } from './built-in.js';
import { text, type Message, type TextKey } from './message.js';

/** A message of the catalogue and the sentences that it stands for. */
interface Sentence {
  readonly key: TextKey;
  readonly pattern: RegExp;
}

const prefix = 'domain.';
const placeholder = /\{(\w+)\}/g;
let exact: ReadonlyMap<string, TextKey> | undefined;
let withValues: readonly Sentence[] = [];

/**
 * The checks of `libs/domain` speak English, as the API does. For pages, finds the message of the catalogue with the same English
 * text (`domain.*`), and the values in it; a sentence that is not there, or a message already, stays as it is.
 */
export function domainMessage(message: Message): Message {
  if (typeof message !== 'string') return message;
  exact ??= readSentences();
  const key = exact.get(message);
  if (key !== undefined) return text(key);
  for (const { key: found, pattern } of withValues) {
    const values = pattern.exec(message)?.groups;
    if (values) return text(found, { ...values });
  }
  return message;
}

function readSentences(): ReadonlyMap<string, TextKey> {
  const keys = Object.keys(builtInTexts.english).filter((key): key is TextKey => key.startsWith(prefix));
  const sentenceOf = (key: TextKey): string => builtInTexts.english[key] ?? '';
  withValues = keys
    .filter((key) => sentenceOf(key).includes('{'))
    // The one with the most words of its own first: `At most {most}.` fits many.
    .sort((one, other) => literalLength(sentenceOf(other)) - literalLength(sentenceOf(one)))
    .map((key) => ({ key, pattern: patternOf(sentenceOf(key)) }));
  return new Map(keys.map((key) => [sentenceOf(key), key]));
}

function literalLength(sentence: string): number {
  return sentence.replace(placeholder, '').length;
}

function patternOf(sentence: string): RegExp {
  const [first = '', ...parts] = sentence
    .split(placeholder)
    .map((part, at) => (at % 2 === 1 ? `(?<${part}>.+)` : escaped(part)));
  return new RegExp(`^${first}${parts.join('')}$`, 's');
}

function escaped(literal: string): string {
  return literal.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
