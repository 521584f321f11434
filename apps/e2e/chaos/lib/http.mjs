import http from 'node:http';
import https from 'node:https';

const patienceMilliseconds = 20_000;

/** Nothing came back, or only a part of it: whoever asked cannot know what happened. */
export class Unanswered extends Error {
  constructor(path, { cause, truncated = false, timedOut = false }) {
    super(`${path}: ${cause?.message ?? 'no answer'}`);
    Object.assign(this, { truncated, timedOut });
  }
}

/** Requests over keep-alive connections to one origin. Redirects are not followed, nothing is sent twice. */
export class Http {
  /** What waits for its answer now. */
  flying = new Set();
  /** Answers that ended in the middle, and requests that nobody ended. */
  truncated = 0;
  timedOut = 0;

  /** @param connection  options of a connection: ca for an https origin, localAddress, family */
  constructor(base, connection = {}) {
    this.base = base;
    this.protocol = base.startsWith('https:') ? https : http;
    this.agent = new this.protocol.Agent({ keepAlive: true, maxSockets: 128, ...connection });
  }

  send(path, { form, json, method, headers = {} } = {}) {
    const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json);
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json';
    const flight = { path, since: Date.now() };
    this.flying.add(flight);
    const answer = new Promise((resolve, reject) => {
      const fail = (cause, more) => reject(new Unanswered(path, { cause, ...more }));
      const sent = this.protocol.request(
        new URL(path, this.base),
        {
          agent: this.agent,
          method: method ?? (body === undefined ? 'GET' : 'POST'),
          headers: {
            ...(body === undefined ? {} : { 'content-type': type, 'content-length': Buffer.byteLength(body) }),
            ...headers,
          },
        },
        (response) => {
          let text = '';
          response.setEncoding('utf8');
          response.on('data', (chunk) => (text += chunk));
          response.on('error', (error) => fail(error, { truncated: true }));
          response.on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
        },
      );
      sent.on('error', (error) => fail(error));
      sent.setTimeout(patienceMilliseconds, () => {
        fail(new Error('timed out'), { timedOut: true });
        sent.destroy();
      });
      sent.end(body);
    });
    return answer
      .catch((error) => {
        if (error.truncated) this.truncated += 1;
        if (error.timedOut) this.timedOut += 1;
        flight.unanswered = true;
        throw error;
      })
      .finally(() => this.flying.delete(flight));
  }

  close() {
    this.agent.destroy();
  }
}
