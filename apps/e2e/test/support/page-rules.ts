import type { Page } from 'playwright-core';

/**
 * Accessibility problems of a page: missing names, missing structure, controls that are too small. Complements axe with rules that
 * pages of this project could break.
 */
export function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const all = <T extends Element = HTMLElement>(selector: string): T[] => [...document.querySelectorAll<T>(selector)];
    const isShown = (element: Element): boolean =>
      element.checkVisibility({ visibilityProperty: true }) && element.closest('[aria-hidden=true]') === null;
    const words = (ids: string | null): string =>
      (ids ?? '')
        .split(' ')
        .map((id) => document.getElementById(id)?.textContent ?? '')
        .join(' ')
        .trim();
    const short = (element: Element): string => element.outerHTML.slice(0, 120).replace(/\s+/g, ' ');

    if (document.documentElement.lang === '') faults.push('no language');
    if (!/\S.*·/.test(document.title)) faults.push(`title: ${document.title}`);
    if (
      /maximum-scale|user-scalable/.test(
        document.querySelector<HTMLMetaElement>('meta[name=viewport]')?.content ?? 'maximum-scale',
      )
    )
      faults.push('no viewport, or one that cannot be zoomed');
    for (const one of ['main', 'h1']) if (all(one).length !== 1) faults.push(`${all(one).length} times <${one}>`);
    if (all('body :is(footer, header, main, nav)').length === 0) faults.push('no landmarks');

    let level = 1;
    for (const heading of all('h1, h2, h3, h4')) {
      const own = Number(heading.tagName[1]);
      if (own > level + 1) faults.push(`<h${own}> after <h${level}>: ${heading.textContent}`);
      level = own;
    }

    const ids = all('[id]').map((element) => element.id);
    for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index))) faults.push(`id twice: ${id}`);
    for (const element of all('[aria-describedby], [aria-labelledby]'))
      for (const id of `${element.getAttribute('aria-describedby') ?? ''} ${element.getAttribute('aria-labelledby') ?? ''}`
        .trim()
        .split(/\s+/))
        if (document.getElementById(id) === null) faults.push(`points at nothing (${id}): ${short(element)}`);

    const fields = 'input:not([type=hidden], [type=submit]), select, textarea';
    for (const field of all<HTMLInputElement>(fields).filter(isShown)) {
      const label = [...(field.labels ?? [])].map((one) => one.textContent ?? '').join(' ');
      if (
        `${label}${field.getAttribute('aria-label') ?? ''}${words(field.getAttribute('aria-labelledby'))}`.trim() === ''
      )
        faults.push(`no label: ${short(field)}`);
      if (field.getAttribute('aria-invalid') === 'true' && words(field.getAttribute('aria-describedby')) === '')
        faults.push(`wrong, but not why: ${short(field)}`);
    }
    for (const element of all('a[href], button, summary, input[type=submit]').filter(isShown)) {
      const pictures = [...element.querySelectorAll('img')].map((image) => image.alt).join(' ');
      const shown = element instanceof HTMLInputElement ? element.value : (element.textContent ?? '');
      const name = `${element.getAttribute('aria-label') ?? ''}${shown}${pictures}`.trim();
      if (name === '') faults.push(`no name: ${short(element)}`);
      const box = element.getBoundingClientRect();
      const isInline = getComputedStyle(element).display === 'inline';
      // WCAG 2.2, 2.5.8: links inside a sentence are exempt.
      if (!isInline && box.width > 1 && !element.classList.contains('skip') && (box.height < 24 || box.width < 24))
        faults.push(`too small to hit (${Math.round(box.width)} x ${Math.round(box.height)}): ${short(element)}`);
    }
    for (const image of all('img')) if (!image.hasAttribute('alt')) faults.push(`no alt: ${short(image)}`);
    for (const table of all('table'))
      if (
        table.querySelector('caption') === null &&
        !table.hasAttribute('aria-label') &&
        !table.hasAttribute('aria-labelledby')
      )
        faults.push(`table without a name: ${short(table)}`);
    for (const set of all('fieldset'))
      if (set.querySelector('legend') === null) faults.push(`no legend: ${short(set)}`);
    if (all('[autofocus]').length > 1) faults.push('autofocus twice');
    for (const element of all('[style], script:not([src]), style'))
      faults.push(`inline style or script: ${short(element)}`);
    return faults;
  });
}

/** Text with less contrast to its background than WCAG AA requires (1.4.3), in the active color scheme. */
export function faintTextOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    type Colour = readonly [number, number, number, number];
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const read = (text: string): Colour => {
      if (!canvas) return [0, 0, 0, 0];
      canvas.clearRect(0, 0, 1, 1);
      canvas.fillStyle = text;
      canvas.fillRect(0, 0, 1, 1);
      const [red = 0, green = 0, blue = 0, alpha = 0] = canvas.getImageData(0, 0, 1, 1).data;
      return [red, green, blue, alpha / 255];
    };
    const behind = (element: Element | null): Colour => {
      for (let at = element; at !== null; at = at.parentElement) {
        const colour = read(getComputedStyle(at).backgroundColor);
        if (colour[3] > 0.99) return colour;
      }
      return matchMedia('(prefers-color-scheme: dark)').matches ? [18, 18, 18, 1] : [255, 255, 255, 1];
    };
    const luminance = ([red, green, blue]: Colour): number => {
      const linear = [red, green, blue].map((one) =>
        one / 255 <= 0.04045 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4,
      );
      return 0.2126 * (linear[0] ?? 0) + 0.7152 * (linear[1] ?? 0) + 0.0722 * (linear[2] ?? 0);
    };
    const faint: string[] = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = texts.nextNode(); node !== null; node = texts.nextNode()) {
      const element = node.parentElement;
      const text = node.textContent?.trim() ?? '';
      if (
        !element ||
        text === '' ||
        !element.checkVisibility({ visibilityProperty: true }) ||
        element.closest('.visually-hidden, datalist, option')
      )
        continue;
      const style = getComputedStyle(element);
      const [one, two] = [luminance(read(style.color)), luminance(behind(element))];
      const contrast = (Math.max(one, two) + 0.05) / (Math.min(one, two) + 0.05);
      const size = parseFloat(style.fontSize);
      const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
      if (contrast < (isLarge ? 3 : 4.5)) faint.push(`${contrast.toFixed(2)}: ${text.slice(0, 60)}`);
    }
    return faint;
  });
}

/** Elements that overflow on the right: a page must never scroll horizontally. */
export function overflowOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth <= clientWidth) return [];
    const wide = [...document.querySelectorAll('body *')].filter(
      (element) => element.getBoundingClientRect().right > clientWidth + 1,
    );
    return [`${scrollWidth} > ${clientWidth}`, ...wide.slice(-3).map((element) => element.outerHTML.slice(0, 100))];
  });
}
