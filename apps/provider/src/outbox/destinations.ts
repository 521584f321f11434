/** How many failed destinations are remembered; the least recent failure is forgotten first. */
const maxRemembered = 10_000;

/**
 * The state of destinations in one process: the running deliveries and the consecutive failures of each. It prevents an
 * unreachable host from using all capacity and from being tried too often.
 */
export class Destinations {
  private readonly inFlight = new Map<string, number>();
  private readonly failures = new Map<string, number>();

  /** @param limit concurrent deliveries to one destination */
  constructor(private readonly limit: number) {}

  /** A destination that failed gets one delivery at a time until one succeeds. */
  isFull(destination: string): boolean {
    const limit = this.failures.has(destination) ? 1 : this.limit;
    return (this.inFlight.get(destination) ?? 0) >= limit;
  }

  full(): string[] {
    return [...this.inFlight.keys()].filter((destination) => this.isFull(destination));
  }

  begin(destination: string): void {
    this.inFlight.set(destination, (this.inFlight.get(destination) ?? 0) + 1);
  }

  end(destination: string): void {
    const left = (this.inFlight.get(destination) ?? 1) - 1;
    if (left > 0) this.inFlight.set(destination, left);
    else this.inFlight.delete(destination);
  }

  succeeded(destination: string): void {
    this.failures.delete(destination);
  }

  /** @returns the number of consecutive failures */
  failed(destination: string): number {
    const failures = (this.failures.get(destination) ?? 0) + 1;
    this.failures.delete(destination);
    this.failures.set(destination, failures);
    const [oldest] = this.failures.keys();
    if (this.failures.size > maxRemembered && oldest !== undefined) this.failures.delete(oldest);
    return failures;
  }
}
