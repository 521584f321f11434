import type { HourlyCount } from '../../audit/activity.service.js';
import type { ActivityKind } from '../../monitoring/counters.js';
import { text, type Text } from '../../i18n/message.js';

/** Activity is kept for so long. */
export const chartDays = 28;
const chartHours = 48;
const hoursPerDay = 24;

const millisecondsPerHour = 3_600_000;

/** A key figure of the last 24 hours with its trend: the model of `ui/stat`. */
export interface KeyFigure {
  readonly label: Text;
  readonly value: string;
  readonly delta: Text;
  /** Colors the change, where more is better or worse. */
  readonly direction: 'up' | 'down' | undefined;
  readonly values: readonly number[];
  readonly trend: Text;
}

/** The model of `ui/bars`. */
export interface SignInChart {
  readonly values: readonly {
    readonly label: Text;
    readonly value: number;
    readonly failed: number;
    readonly about: Text;
  }[];
  readonly sub: Text;
  readonly label: Text;
}

/** Counts of activity by kind and hour. */
export class HourlyCounts {
  private readonly counts = new Map<string, number>();
  private readonly oldestSignIn: number | undefined;

  /** @param hour the current hour, in hours since the epoch */
  constructor(
    counts: readonly HourlyCount[],
    private readonly hour: number,
  ) {
    for (const { kind, hour: of, count } of counts) this.counts.set(`${kind} ${of}`, count);
    const signIns = counts.filter(({ kind }) => kind === 'login' || kind === 'login_failed');
    this.oldestSignIn = signIns.length === 0 ? undefined : Math.min(...signIns.map((each) => each.hour));
  }

  /** @param isGood whether more of it is better; undefined: neither */
  figure(kind: ActivityKind, label: Text, isGood?: boolean): KeyFigure {
    const values = this.hours(hoursPerDay).map((hour) => this.sum(kind, hour, 1));
    const total = sumOf(values);
    const before = this.sum(kind, this.hour - 2 * hoursPerDay + 1, hoursPerDay);
    return {
      label,
      value: String(total),
      delta: changeText(total, before),
      direction: isGood === undefined || total === before ? undefined : isGood === total > before ? 'up' : 'down',
      values,
      trend: text('overview.trend', { what: label, total, most: Math.max(...values) }),
    };
  }

  /**
   * Sign-ins by day; by hour while there are none older than two days.
   * @returns undefined if there are none
   */
  signIns(): SignInChart | undefined {
    if (this.oldestSignIn === undefined) return undefined;
    const byHour = this.oldestSignIn > this.hour - chartHours;
    const values = byHour
      ? this.hours(chartHours).map((hour) => this.bar(hour, 1))
      : this.days().map((hour) => this.bar(hour, hoursPerDay));
    const failed = sumOf(values.map((each) => each.failed));
    return {
      values,
      sub: byHour
        ? text('overview.chartHours', { hours: chartHours })
        : text('overview.chartDays', { days: chartDays }),
      label: text('overview.chartLabel', {
        succeeded: sumOf(values.map(({ value }) => value)) - failed,
        failed,
        most: Math.max(...values.map(({ value }) => value)),
      }),
    };
  }

  private bar(from: number, hours: number): SignInChart['values'][number] {
    const at = from * millisecondsPerHour;
    const when = hours === 1 ? text('overview.hour', { at }) : text('overview.day', { at });
    const succeeded = this.sum('login', from, hours);
    const failed = this.sum('login_failed', from, hours);
    const about = text('overview.bar', { when, succeeded, failed });
    return { label: when, value: succeeded + failed, failed, about };
  }

  /** The last hours, the current one included. */
  private hours(count: number): number[] {
    return Array.from({ length: count }, (_, at) => this.hour - count + 1 + at);
  }

  /** The first hours of the last days (UTC), the current one included. */
  private days(): number[] {
    const today = Math.floor(this.hour / hoursPerDay);
    return Array.from({ length: chartDays }, (_, at) => (today - chartDays + 1 + at) * hoursPerDay);
  }

  private sum(kind: ActivityKind, from: number, hours: number): number {
    return sumOf(Array.from({ length: hours }, (_, at) => this.counts.get(`${kind} ${from + at}`) ?? 0));
  }
}

/** The first hour that the overview shows. */
export function firstChartHour(hour: number): number {
  return (Math.floor(hour / hoursPerDay) - chartDays + 1) * hoursPerDay;
}

function changeText(total: number, before: number): Text {
  if (total === before) return text('overview.delta', { change: 'same', percent: '' });
  if (before === 0) return text('overview.delta', { change: 'first', percent: '' });
  const percent = Math.round(((total - before) / before) * 100);
  return text('overview.delta', { change: 'other', percent: `${percent > 0 ? '+' : '−'}${Math.abs(percent)}%` });
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0);
}
