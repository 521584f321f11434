import { connect } from 'node:net';

const timeoutMilliseconds = 30_000;

/**
 * A keep-alive connection to a server on this machine, with one request at a time. Implemented on sockets, because Node's HTTP
 * client costs more than the fastest servers measured here, and the load runs on one core.
 */
export class Connection {
  #socket;
  #received = '';
  #pending;

  constructor(port) {
    this.port = port;
  }

  /** Sends a complete request; resolves with the complete response. */
  request(text) {
    return new Promise((resolve, reject) => {
      if (this.#pending) throw new Error('one request at a time');
      this.#pending = { resolve, reject };
      if (!this.#socket) this.#open();
      this.#socket.write(text, 'latin1');
    });
  }

  close() {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #open() {
    const socket = connect({ port: this.port, host: '127.0.0.1', noDelay: true });
    socket.setEncoding('latin1');
    socket.setTimeout(timeoutMilliseconds, () =>
      socket.destroy(new Error(`no response within ${timeoutMilliseconds} ms`)),
    );
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#fail(new Error('the connection was closed before the response'));
    });
    this.#received = '';
    this.#socket = socket;
  }

  #fail(error) {
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.reject(error);
  }

  #read(chunk) {
    this.#received = this.#received === '' ? chunk : this.#received + chunk;
    const text = this.#received;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const head = text.slice(0, end + 2);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head);
    const body = length
      ? text.length >= end + 4 + Number(length[1])
        ? text.slice(end + 4, end + 4 + Number(length[1]))
        : undefined
      : /\r\ntransfer-encoding: *chunked/i.test(head)
        ? dechunk(text, end + 4)
        : '';
    if (body === undefined) return;
    this.#received = '';
    if (/\r\nconnection: *close/i.test(head)) this.close();
    const pending = this.#pending;
    this.#pending = undefined;
    pending?.resolve({ status: Number(head.slice(9, 12)), head, body });
  }
}

/** The body of a chunked response; undefined while it is incomplete. */
function dechunk(text, start) {
  let body = '';
  for (let at = start; ;) {
    const lineEnd = text.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    const size = parseInt(text.slice(at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (text.length < next) return undefined;
    if (size === 0) return body;
    body += text.slice(lineEnd + 2, lineEnd + 2 + size);
    at = next;
  }
}

/** The value of a header; undefined if it is absent. */
export function headerOf(response, name) {
  return new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'i').exec(response.head)?.[1];
}

export function headersOf(response, name) {
  return [...response.head.matchAll(new RegExp(`\\r\\n${name}: *([^\\r]*)`, 'gi'))].map(([, value]) => value);
}

/** The text of a request. */
export function requestText(method, path, port, headers = {}, body) {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`];
  for (const [name, value] of Object.entries(headers)) lines.push(`${name}: ${value}`);
  if (body !== undefined)
    lines.push('Content-Type: application/x-www-form-urlencoded', `Content-Length: ${body.length}`);
  return `${lines.join('\r\n')}\r\n\r\n${body ?? ''}`;
}
