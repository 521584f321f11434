import type { HourlyCount } from '../../audit/activity.service.js';

export const chartHours = 48;
const width = 480;
const height = 96;

/** A chart for the view: one bar per hour, the newest on the right. */
export interface HourlyChart {
  readonly label: string;
  readonly total: number;
  /** The highest count of an hour. */
  readonly most: number;
  readonly width: number;
  readonly height: number;
  readonly bars: readonly {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly title: string;
  }[];
}

/** @param hour the current hour, in hours since the epoch */
export function hourlyChart(label: string, kind: string, counts: readonly HourlyCount[], hour: number): HourlyChart {
  const byHour = new Map(counts.filter((each) => each.kind === kind).map((each) => [each.hour, each.count]));
  const hours = Array.from({ length: chartHours }, (_, index) => hour - chartHours + 1 + index);
  const values = hours.map((each) => byHour.get(each) ?? 0);
  const most = Math.max(...values);
  const step = width / chartHours;
  return {
    label,
    total: values.reduce((sum, each) => sum + each, 0),
    most,
    width,
    height,
    bars: values.flatMap((value, index) => {
      if (value === 0) return [];
      // A single event remains visible next to thousands.
      const high = Math.max(2, Math.round((value / most) * height));
      const at = new Date((hours[index] ?? 0) * 3_600_000).toISOString().slice(0, 13).replace('T', ' ');
      return [
        {
          x: round(index * step),
          y: height - high,
          width: round(step - 2),
          height: high,
          title: `${at}:00 UTC: ${value}`,
        },
      ];
    }),
  };
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
