import type { Locator, Page } from 'playwright-core';

export interface Focused {
  readonly tag: string;
  readonly id: string;
  readonly name: string;
  readonly text: string;
  readonly invalid: string;
  /** The texts that `aria-describedby` refers to. */
  readonly described: string;
}

/** The focused element. */
export function focused(page: Page): Promise<Focused> {
  return page.evaluate(() => {
    const element = document.activeElement ?? document.body;
    const described = (element.getAttribute('aria-describedby') ?? '').split(' ');
    return {
      tag: element.tagName,
      id: element.id,
      name: element.getAttribute('name') ?? '',
      text: (element.textContent ?? '').trim(),
      invalid: element.getAttribute('aria-invalid') ?? '',
      described: described.map((id) => document.getElementById(id)?.textContent ?? '').join(' '),
    };
  });
}

/** Presses Tab until an element with this text or this `name` is focused. */
export async function tabTo(page: Page, target: RegExp | string): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < 60; stop++) {
    const at = await focused(page);
    if (typeof target === 'string' ? at.name === target : at.tag !== 'BODY' && target.test(at.text)) return;
    passed.push(`${at.tag} ${at.name} ${at.text.slice(0, 30)}`);
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not lead to ${String(target)}: ${passed.join(' | ')}`);
}

/** Waits until the field with this `name` is focused: the browser applies `autofocus` when it first draws the page. */
export async function waitForFocus(page: Page, name: string): Promise<void> {
  await page.waitForFunction((expected) => document.activeElement?.getAttribute('name') === expected, name);
}

/** Whether the focus is visible: an outline or shadow on an element on the screen, or an outline of the card that a choice is. */
export function focusIsVisible(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (!element) return false;
    const style = getComputedStyle(element);
    const box = element.getBoundingClientRect();
    const isOutlined = ({ outlineStyle, outlineWidth }: CSSStyleDeclaration): boolean =>
      outlineStyle !== 'none' && parseFloat(outlineWidth) >= 1;
    const card = element.closest('label.choice');
    const outlined = isOutlined(style) || (card !== null && isOutlined(getComputedStyle(card)));
    return (
      (outlined || style.boxShadow !== 'none') && box.width > 2 && box.height > 2 && box.right > 0 && box.bottom > 0
    );
  });
}

export function isFocused(element: Locator): Promise<boolean> {
  return element.evaluate((each) => each === document.activeElement);
}

/**
 * Presses Tab until this element is focused. @throws if the focus is not visible at a stop on the way, or moves backwards in the
 * document
 */
export async function followFocus(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  const faults: string[] = [];
  for (let stop = 0; stop < 120 && !(await isFocused(target)); stop++) {
    await page.evaluate(() => {
      (globalThis as unknown as { stopBefore: Element | null }).stopBefore = document.activeElement;
    });
    await page.keyboard.press('Tab');
    const { tag, name, text } = await focused(page);
    // The focus leaves the page for the browser, and returns to its beginning.
    if (tag === 'BODY') continue;
    const goesOn = await page.evaluate(() => {
      const { stopBefore } = globalThis as unknown as { stopBefore: Element | null };
      if (!stopBefore || !document.activeElement || stopBefore === document.body) return true;
      return Boolean(stopBefore.compareDocumentPosition(document.activeElement) & Node.DOCUMENT_POSITION_FOLLOWING);
    });
    const place = `${tag} ${name} ${text.slice(0, 30)}`;
    if (!goesOn) faults.push(`moves backwards to ${place}`);
    if (!(await focusIsVisible(page))) faults.push(`the focus is not visible on ${place}`);
  }
  if (!(await isFocused(target))) faults.push(`Tab does not lead to ${target.toString()}`);
  if (faults.length > 0) throw new Error(faults.join('; '));
}
