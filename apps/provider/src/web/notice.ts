import type { Message, Text } from '../i18n/message.js';

/** Outcomes that changed nothing: shown as a warning, not as a success. */
const unchanged: ReadonlySet<string> = new Set(['none', 'outdated', 'some-outdated', 'refused']);

/** The text that the parameter `done` names, if it is one of these. */
export function noticeOf<T extends Message>(notices: Readonly<Record<string, T>>, done: string): T | undefined {
  return Object.hasOwn(notices, done) ? notices[done] : undefined;
}

/** The model of `parts/outcome` after a redirect: the text that the parameter `done` names. */
export function noticeModel(
  notices: Readonly<Record<string, Text>>,
  done: string,
): { readonly notice: Text | undefined; readonly noticeKind: 'good' | 'warn' } {
  return { notice: noticeOf(notices, done), noticeKind: unchanged.has(done) ? 'warn' : 'good' };
}
