import type { Page } from 'playwright-core';

/**
 * Replaces what is different in every run (times, ports, random ids) with text of the same shape while a screenshot is taken, so
 * that screenshots of two runs can be compared.
 */
export async function whileSteady(page: Page, act: () => Promise<void>): Promise<void> {
  await page.evaluate(() => {
    const months = 'January|February|March|April|May|June|July|August|September|October|November|December';
    const replacements: readonly (readonly [RegExp, string | ((found: string) => string)])[] = [
      [/\b(127\.0\.0\.1|localhost):\d+/g, '$1:3000'],
      [/\b\d{4}-\d\d-\d\d([ T]\d\d:\d\d(:\d\d)?)?/g, '2026-01-01$1'],
      [/(?<![\d.:])\d\d?:\d\d(:\d\d)?(?!\d)( [AP]M)?/g, '12:00'],
      // Epoch seconds.
      [/\b1[789]\d{8}\b/g, '1800000000'],
      [new RegExp(`\\b(${months}|[A-Z][a-z]{2}) \\d{1,2}, \\d{4}`, 'g'), 'January 1, 2026'],
      [/\b(?=[\w.-]*\d)(?=[\w.-]*[A-Za-z])[\w-]{8,}([.][\w-]{8,})*/g, (found) => 'x'.repeat(found.length)],
      [/\b\d+ (seconds?|minutes?) ago|\bin \d+ (seconds?|minutes?)|\b[Jj]ust now/g, '1 minute ago'],
    ];
    const steady = (text: string): string =>
      replacements.reduce((current, [pattern, by]) => current.replace(pattern, by as string), text);
    const undo: (() => void)[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode() as Text | null; node !== null; node = texts.nextNode() as Text | null) {
      const text: Text = node;
      const before = text.data;
      const isSecret = text.parentElement?.closest('#totp-secret') !== null;
      const after = text.parentElement?.closest('time')
        ? '1 minute ago'
        : isSecret
          ? before.replace(/\w/g, 'x')
          : steady(before);
      if (after === before || before.trim() === '') continue;
      text.data = after;
      undo.push(() => (text.data = before));
    }
    for (const field of document.querySelectorAll<HTMLInputElement>('input:not([type=hidden]), textarea')) {
      const { value } = field;
      if (/^(checkbox|radio|file)$/.test(field.type) || steady(value) === value) continue;
      field.value = steady(value);
      undo.push(() => (field.value = value));
    }
    (globalThis as unknown as { undoSteady: () => void }).undoSteady = () => undo.forEach((each) => each());
  });
  try {
    await act();
  } finally {
    await page.evaluate(() => (globalThis as unknown as { undoSteady: () => void }).undoSteady());
  }
}
