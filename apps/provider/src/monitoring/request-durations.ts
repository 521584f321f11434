import type { Metric, MetricValue, Registry } from 'prom-client';

interface Series {
  readonly labels: { readonly method: string; readonly route: string; readonly status: number };
  /** Observations per bucket, not cumulative; the last bucket is above every bound. */
  readonly counts: number[];
  sum: number;
}

/**
 * The histogram of request durations. Every request is observed, so a series is found by three lookups; the histogram of
 * prom-client validates and joins the labels each time, which costs more than the rest of a small response.
 */
export class RequestDurations {
  readonly type = 'histogram';
  readonly aggregator = 'sum';
  /** By method, then route, then status: closed sets, so that requests cannot create new series. */
  private readonly series = new Map<string, Map<string, Series[]>>();

  /** @param bounds of the buckets, in seconds, ascending */
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
    registry: Registry,
  ) {
    // The registry only uses the name and the values of a metric; its type lists the four classes of prom-client only.
    registry.registerMetric(this as unknown as Metric);
  }

  observe(method: string, route: string, status: number, seconds: number): void {
    const series = this.find(method, route, status);
    let at = 0;
    while (seconds > (this.bounds[at] ?? Infinity)) at += 1;
    series.counts[at] = (series.counts[at] ?? 0) + 1;
    series.sum += seconds;
  }

  /** The observations, in the form that the registry and the aggregation over workers expect. */
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
