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

/** What prom-client's own histogram says of the same. */
function own(registry: Registry): void {
  const histogram = new Histogram({
    name: 'requests_seconds',
    help: 'Requests.',
    labelNames: ['method', 'route', 'status'],
    buckets,
    registers: [registry],
  });
  for (const [method, route, status, seconds] of observed) histogram.observe({ method, route, status }, seconds);
}

function ours(registry: Registry): void {
  const durations = new RequestDurations('requests_seconds', 'Requests.', buckets, registry);
  for (const each of observed) durations.observe(...each);
}

const lines = (text: string): string[] => text.split('\n').sort();

describe('the histogram of requests', () => {
  it("is exported as prom-client's own", async () => {
    const [expected, actual] = [new Registry(), new Registry()];
    own(expected);
    ours(actual);
    expect(lines(await actual.metrics())).toEqual(lines(await expected.metrics()));
  });

  it("is added up over workers as prom-client's own", async () => {
    const added = async (fill: (registry: Registry) => void): Promise<string[]> => {
      const registries = [new Registry(), new Registry()];
      registries.forEach(fill);
      const figures = await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()));
      // From worker to parent they go as JSON.
      return lines(await AggregatorRegistry.aggregate(JSON.parse(JSON.stringify(figures)) as object[]).metrics());
    };
    expect(await added(ours)).toEqual(await added(own));
  });
});
