import type { Page } from 'playwright-core';

/**
 * What is wrong with the layout at the current size: the document scrolls sideways, text is cut off, leaves the box that it stands
 * in, or overlaps other text (WCAG 2.2, 1.4.10 and 1.4.4). Text that ends in an ellipsis, and boxes that scroll, are not faults.
 */
export function layoutFaultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) faults.push(`scrolls sideways: ${scrollWidth} > ${clientWidth}`);

    interface Line {
      readonly element: Element;
      readonly text: string;
      readonly box: DOMRect;
    }
    const scrolls = ({ overflowX, overflowY }: CSSStyleDeclaration): boolean =>
      /auto|scroll/.test(`${overflowX} ${overflowY}`);
    const ancestors = (element: Element): Element[] => {
      const all: Element[] = [];
      for (let at: Element | null = element; at !== null && at !== document.body; at = at.parentElement) all.push(at);
      return all;
    };
    /** Left out: text for screen readers alone, in boxes that scroll, and in bars that stay in place while the page scrolls. */
    const isSkipped = (element: Element): boolean =>
      ancestors(element).some((each) => {
        const style = getComputedStyle(each);
        const isForScreenReaders =
          style.position === 'absolute' &&
          each.clientWidth <= 1 &&
          each.clientHeight <= 1 &&
          style.overflowX !== 'visible';
        return (
          isForScreenReaders ||
          each.matches('.visually-hidden, .skip, svg, datalist, option, noscript, template, #announcements') ||
          style.position === 'fixed' ||
          style.position === 'sticky' ||
          scrolls(style)
        );
      });
    const hasEdge = (style: CSSStyleDeclaration): boolean =>
      parseFloat(style.borderInlineStartWidth) > 0 || !/^rgba\(.*, 0\)$|^transparent$/.test(style.backgroundColor);

    const lines: Line[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (!element || text === '' || !element.checkVisibility({ visibilityProperty: true }) || isSkipped(element))
        continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      for (const box of range.getClientRects())
        if (box.width > 1 && box.height > 1) lines.push({ element, text: text.slice(0, 40), box });
    }

    for (const { element, text, box } of lines) {
      let isCut = false;
      for (const each of ancestors(element)) {
        const style = getComputedStyle(each);
        const around = each.getBoundingClientRect();
        const hides = /hidden|clip/.test(`${style.overflowX} ${style.overflowY}`);
        const isOutside =
          box.left < around.left - 1 ||
          box.right > around.right + 1 ||
          ((hides || hasEdge(style)) && (box.top < around.top - 3 || box.bottom > around.bottom + 3));
        if (hides && (style.textOverflow === 'ellipsis' || style.webkitLineClamp !== 'none')) isCut = true;
        if (isCut || style.display === 'inline' || style.display === 'contents') continue;
        if (isOutside && (hides || hasEdge(style)))
          faults.push(`${hides ? 'cut off' : 'outside of its box'} (${each.className || each.tagName}): ${text}`);
      }
    }
    for (const [at, one] of lines.entries())
      for (const other of lines.slice(at + 1)) {
        if (one.element === other.element || one.element.contains(other.element) || other.element.contains(one.element))
          continue;
        const width = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
        const height = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
        const isCut = [one, other].some(({ element }) =>
          ancestors(element).some((each) => getComputedStyle(each).textOverflow === 'ellipsis'),
        );
        if (width > 3 && height > 5 && !isCut) faults.push(`overlaps: “${one.text}” and “${other.text}”`);
      }
    return [...new Set(faults)].slice(0, 12);
  });
}
