/** How many that failed are remembered; the one that failed longest ago is forgotten first. */
const maxRemembered = 10_000;

/**
 * What one process knows of where messages go: how many are on their way to each, and how often in a row each failed.
 * It keeps one dead host from taking every place, and from being asked again and again.
 */
export class Destinations {
  private readonly onTheirWay = new Map<string, number>();
  private readonly failures = new Map<string, number>();

  /** @param most on their way to one destination at once */
  constructor(private readonly most: number) {}

  /** A destination that failed gets one at a time, until one arrives. */
  isFull(destination: string): boolean {
    const most = this.failures.has(destination) ? 1 : this.most;
    return (this.onTheirWay.get(destination) ?? 0) >= most;
  }

  full(): string[] {
    return [...this.onTheirWay.keys()].filter((destination) => this.isFull(destination));
  }

  begin(destination: string): void {
    this.onTheirWay.set(destination, (this.onTheirWay.get(destination) ?? 0) + 1);
  }

  end(destination: string): void {
    const left = (this.onTheirWay.get(destination) ?? 1) - 1;
    if (left > 0) this.onTheirWay.set(destination, left);
    else this.onTheirWay.delete(destination);
  }

  succeeded(destination: string): void {
    this.failures.delete(destination);
  }

  /** @returns how often in a row by now */
  failed(destination: string): number {
    const failures = (this.failures.get(destination) ?? 0) + 1;
    this.failures.delete(destination);
    this.failures.set(destination, failures);
    const [oldest] = this.failures.keys();
    if (this.failures.size > maxRemembered && oldest !== undefined) this.failures.delete(oldest);
    return failures;
  }
}
