import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { RequestDurations } from './request-durations.js';

const buckets = [0.1, 1];
const observed: readonly (readonly [string, string, number, number])[] = [
  ['GET', '/a', 200, 0.05],
  ['GET', '/a', 200, 0.1],
  ['GET', '/a', 404, 0.5],
  ['POST', '/a', 200, 7],
  ['GET', '/"b"', 200, 1],
];

/** The histogram of prom-client, as the reference. */
function observeReference(registry: Registry): void {
  const histogram = new Histogram({
    name: 'requests_seconds',
    help: 'Requests.',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers: [registry],
  });
  for (const [method, route, status, seconds] of observed) histogram.observe({ method, route, status }, seconds);
}

function observeRequestDurations(registry: Registry): void {
  const durations = new RequestDurations('requests_seconds', 'Requests.', buckets, registry);
  for (const each of observed) durations.observe(...each);
}

const lines = (text: string): string[] => text.split('\n').sort();

describe('RequestDurations', () => {
  it('exports the same as the histogram of prom-client', async () => {
    const [expected, actual] = [new Registry(), new Registry()];
    observeReference(expected);
    observeRequestDurations(actual);
    expect(lines(await actual.metrics())).toEqual(lines(await expected.metrics()));
  });

  it('aggregates over workers like the histogram of prom-client', async () => {
    const aggregated = async (fill: (registry: Registry) => void): Promise<string[]> => {
      const registries = [new Registry(), new Registry()];
      registries.forEach(fill);
      const figures = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
      // Workers send their figures to the parent process as JSON.
      return lines(await AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(figures)) as object[]).metrics());
    };
    expect(await aggregated(observeRequestDurations)).toEqual(await aggregated(observeReference));
  });
});
