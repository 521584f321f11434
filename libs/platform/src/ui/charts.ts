export interface Sparkline {
  readonly line: string;
  readonly area: string;
}

const SPARK_WIDTH = 100;
const SPARK_HEIGHT = 24;

/** SVG paths of a line through the values, in a box of 100 by 24; a single value is a level line. */
export function sparkline(values: readonly number[]): Sparkline {
  const points = condensed(values.length === 1 ? [...values, ...values] : values, SPARK_WIDTH, averageOf);
  const top = Math.max(...points, 1);
  const steps = points.map((value, at) => {
    const x = points.length < 2 ? 0 : (at / (points.length - 1)) * SPARK_WIDTH;
    return `${rounded(x)} ${rounded(SPARK_HEIGHT - 1 - (value / top) * (SPARK_HEIGHT - 2))}`;
  });
  if (steps.length === 0) return { line: '', area: '' };
  const line = `M${steps.join('L')}`;
  return { line, area: `${line}L${SPARK_WIDTH} ${SPARK_HEIGHT}L0 ${SPARK_HEIGHT}Z` };
}

export interface ChartValue {
  readonly label: string;
  readonly value: number;
  /** A part of `value` that is shown in another color, such as failures. */
  readonly failed?: number | undefined;
  /** The value in words, for a tooltip; not shown where values are summed up in groups. */
  readonly about?: string | undefined;
}

export interface Bar {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly failedY: number;
  readonly failedHeight: number;
  readonly about: string | undefined;
}

export interface BarChart {
  readonly bars: readonly Bar[];
  readonly lines: readonly { readonly y: number; readonly textY: number; readonly value: number }[];
  readonly first: string;
  readonly last: string;
}

const CHART_WIDTH = 640;
const CHART_BOTTOM = 150;
const CHART_HEIGHT = 138;
const AXIS_WIDTH = 36;
const MOST_BARS = 60;
/** One value is a bar, not a wall. */
const WIDEST_BAR = 40;

/** Bars in a box of 640 by 170. More than 60 values are summed up in groups, so that bars stay visible. */
export function barChart(values: readonly ChartValue[]): BarChart {
  const groups = condensed(values, MOST_BARS, sumOf);
  const top = niceMaximum(Math.max(...groups.map(({ value }) => value), 1));
  const slot = (CHART_WIDTH - AXIS_WIDTH) / Math.max(groups.length, 1);
  const width = Math.min(slot * 0.72, WIDEST_BAR);
  const heightOf = (value: number): number => rounded((value / top) * CHART_HEIGHT);
  return {
    bars: groups.map(({ value, failed = 0, about }, at) => ({
      x: rounded(AXIS_WIDTH + at * slot + (slot - width) / 2),
      y: CHART_BOTTOM - heightOf(value),
      width: rounded(width),
      height: heightOf(value),
      failedY: CHART_BOTTOM - heightOf(failed),
      failedHeight: heightOf(failed),
      about,
    })),
    lines: [...new Set([0, top / 2, top].map(Math.floor))].map((value) => ({
      value,
      y: CHART_BOTTOM - heightOf(value),
      textY: CHART_BOTTOM - heightOf(value) + 4,
    })),
    first: values[0]?.label ?? '',
    last: values.length > 1 ? (values.at(-1)?.label ?? '') : '',
  };
}

/** At most so many values: groups of consecutive ones become one. */
function condensed<T>(values: readonly T[], most: number, combine: (group: readonly T[]) => T): readonly T[] {
  const size = Math.ceil(values.length / most);
  if (size <= 1) return values;
  const groups = Array.from({ length: Math.ceil(values.length / size) }, (_, at) =>
    values.slice(at * size, (at + 1) * size),
  );
  return groups.map(combine);
}

function averageOf(group: readonly number[]): number {
  return group.reduce((sum, value) => sum + value, 0) / group.length;
}

function sumOf(group: readonly ChartValue[]): ChartValue {
  const sum = (part: (each: ChartValue) => number): number => group.reduce((total, each) => total + part(each), 0);
  return { label: group[0]?.label ?? '', value: sum(({ value }) => value), failed: sum(({ failed }) => failed ?? 0) };
}

/** The next of 1, 2, 5, 10, 20, 50, … */
function niceMaximum(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5, 10].find((factor) => factor * power >= value) ?? 10) * power;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
