import { barChart, sparkline } from './charts.js';
import { hueOf, initialsOf } from './identity.js';
import { textDifference, type TextPart } from './text-difference.js';
import { iconSvg } from './icons.js';

describe('initials', () => {
  it.each([
    ['Anna Berger', 'AB'],
    ['Anna Maria van der Berg', 'AB'],
    ['grafana', 'gr'],
    ['anna.berger@example.org', 'ao'],
    ['👩‍🚀 Ada', '👩‍🚀A'],
    ['é', 'é'],
    ['علي حسن', 'عح'],
    ['---', '--'],
    ['', ''],
    ['<b> &amp;', 'ba'],
    ['(Draft) Plan', 'DP'],
  ])('of %s are %s', (name, initials) => {
    expect(initialsOf(name)).toBe(initials);
  });
});

describe('a hue', () => {
  it('is always the same for a name, and one of six', () => {
    const hues = Array.from({ length: 200 }, (_, at) => hueOf(`person ${at}`));
    expect(hueOf('Anna')).toBe(hueOf('Anna'));
    expect([...new Set(hues)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  });
});

describe('a difference', () => {
  /** With brackets around what the other text does not have. */
  const marked = (parts: readonly TextPart[]): string =>
    parts.map(({ text, differs }) => (differs ? `[${text}]` : text)).join('');

  it.each([
    ['https://a.example/cb', 'https://a.example/cb/', 'https://a.example/cb', 'https://a.example/cb[/]'],
    ['http://a.example/cb/', 'https://a.example/cb', 'http://a.example/cb[/]', 'http[s]://a.example/cb'],
    ['same', 'same', 'same', 'same'],
    ['aa', 'a', 'a[a]', 'a'],
    ['', 'x', '', '[x]'],
    ['https://one', 'https://b.test', 'https://[one]', 'https://[b.test]'],
    ['👩‍🚀a', '👩‍🚀b', '👩‍🚀[a]', '👩‍🚀[b]'],
  ])('of %s and %s', (first, second, inFirst, inSecond) => {
    const difference = textDifference(first, second);
    expect([marked(difference.first), marked(difference.second)]).toEqual([inFirst, inSecond]);
  });

  it('of long texts is where they begin to differ', () => {
    const [first, second] = [`a${'x'.repeat(600)}b`, `a${'y'.repeat(600)}b`];
    expect(marked(textDifference(first, second).first)).toBe(`a[${'x'.repeat(600)}]b`);
  });
});

describe('a sparkline', () => {
  it('of one value is a level line, and of none is empty', () => {
    expect(sparkline([5]).line).toBe('M0 1L100 1');
    expect(sparkline([])).toEqual({ line: '', area: '' });
  });

  it('of many values has at most 100 points within its box', () => {
    const points = sparkline(Array.from({ length: 1000 }, (_, at) => at))
      .line.slice(1)
      .split('L');
    expect(points.length).toBeLessThanOrEqual(100);
    for (const point of points) {
      const [x = -1, y = -1] = point.split(' ').map(Number);
      expect(x >= 0 && x <= 100 && y >= 0 && y <= 24).toBe(true);
    }
  });
});

describe('a bar chart', () => {
  const days = (count: number): { label: string; value: number; failed: number }[] =>
    Array.from({ length: count }, (_, at) => ({ label: `day ${at}`, value: 10, failed: 2 }));

  it('of one value has one narrow bar and one label', () => {
    const { bars, first, last } = barChart(days(1));
    expect(bars).toHaveLength(1);
    expect(bars[0]?.width).toBe(40);
    expect([first, last]).toEqual(['day 0', '']);
  });

  it('of a thousand values sums them up in at most 60 bars', () => {
    const { bars, lines, last } = barChart(days(1000));
    expect(bars.length).toBeLessThanOrEqual(60);
    expect(Math.max(...lines.map(({ value }) => value))).toBe(200);
    expect(bars[0]).toMatchObject({ height: 117.3, failedHeight: 23.5 });
    expect(last).toBe('day 999');
  });

  it('of nothing is empty, with its axis', () => {
    expect(barChart([])).toMatchObject({ bars: [], first: '', last: '' });
  });
});

describe('an icon', () => {
  it('is hidden from screen readers, and mirrored where it points', () => {
    expect(String(iconSvg('chevron-right', 'icon-turn'))).toMatch(
      /^<svg class="icon icon-flip icon-turn" .*aria-hidden="true">/,
    );
    expect(String(iconSvg('check'))).not.toContain('icon-flip');
  });

  it('that no template names does not exist', () => {
    expect(() => iconSvg('no-such-icon')).toThrow('there is no icon "no-such-icon"');
  });
});
