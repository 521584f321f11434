import type { DestinationStream } from 'pino';
import { isoTime } from './iso-time.js';

/** The fields of a request in the log. */
export interface RequestFields {
  readonly method: string;
  /** The route's pattern, never the path or the query, which contain codes, ids and personal data. */
  readonly route: string;
  readonly status: number;
  /** Duration in milliseconds with one decimal. */
  readonly ms: number;
  /** The request's id in hexadecimal. */
  readonly request: string;
}

/**
 * Formats the log line of a request as pino would, at a fifth of the cost: all of it except the time, the duration and the id
 * is the same for all responses of a route.
 */
export class RequestLines {
  /** By method, route and status: a bounded number, whatever clients send. */
  private readonly heads = new Map<string, Map<string, string[]>>();
  private readonly named: string;

  constructor(
    name: string,
    private readonly destination: DestinationStream,
  ) {
    this.named = `","name":${JSON.stringify(name)}`;
  }

  write(fields: RequestFields): void {
    const head = this.headOf(fields.method, fields.route, fields.status);
    this.destination.write(
      `{"level":"info","time":"${isoTime()}${head}${fields.ms},"request":"${fields.request}","msg":"request"}\n`,
    );
  }

  private headOf(method: string, route: string, status: number): string {
    let routes = this.heads.get(method);
    if (!routes) this.heads.set(method, (routes = new Map<string, string[]>()));
    let heads = routes.get(route);
    if (!heads) routes.set(route, (heads = []));
    return (heads[status] ??=
      `${this.named},"method":${JSON.stringify(method)},"route":${JSON.stringify(route)},"status":${status},"ms":`);
  }
}
