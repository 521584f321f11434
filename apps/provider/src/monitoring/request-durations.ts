import type { Metric, MetricValue, Registry } from 'prom-client';

interface Series {
  readonly labels: { readonly method: string; readonly route: string; readonly status: number };
  /** How many fell into each bucket, not added up; the last is past every bound. */
  readonly counts: number[];
  sum: number;
}

/**
 * The histogram of requests. Every request is observed, so its series are found by three look-ups; prom-client's own
 * checks and joins the labels each time, which costs more than all the rest of a small answer.
 */
export class RequestDurations {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  /** By method, then route, then status: closed sets, so that no stranger can make a new series. */
  private readonly series = new Map<string, Map<string, Series[]>>();

  /** @param bounds of the buckets, in seconds, ascending */
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
    registry: Registry,
  ) {
    // The registry asks a metric for its name and its values; its type names prom-client's own four classes only.
    registry.registerMetric(this as unknown as Metric);
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const series = this.find(method, route, status);
    let at = 0;
    while (seconds > (this.bounds[at] ?? Infinity)) at += 1;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += seconds;
  }

  /** What has been observed, as the registry and the process that adds up its workers' figures take it. */
  get(): Promise<object> {
    const { name, help, type, aggregator } = this;
    const values: MetricValue<string>[] = [];
    for (const routes of this.series.values())
      for (const list of routes.values()) for (const series of list) if (series) values.push(...this.valuesOf(series));
    return Promise.resolve({ name, help, type, values, aggregator });
  }

  reset(): void {
    this.series.clear();
  }

  private valuesOf({ labels, counts, sum }: Series): (MetricValue<string> & { metricName: string })[] {
    let count = 0;
    const buckets = [...this.bounds, '+Inf'].map((le, at) => {
      count += counts[at] ?? 0;
      return { metricName: `${this.name}_bucket`, labels: { le, ...labels }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }

  private find(method: string, route: string, status: number): Series {
    let routes = this.series.get(method);
    if (!routes) this.series.set(method, (routes = new Map<string, Series[]>()));
    let list = routes.get(route);
    if (!list) routes.set(route, (list = []));
    return (list[status] ??= {
      labels: { method, route, status },
      counts: Array<number>(this.bounds.length + 1).fill(0),
      sum: 0,
    });
  }
}
