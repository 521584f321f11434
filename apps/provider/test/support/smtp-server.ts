import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** Headers and body as they came over the wire. */
  readonly message: string;
}

/** A little mail server (RFC 5321), which rejects as a test wants. */
export class SmtpServer {
  readonly received: ReceivedMail[] = [];
  /** Every message that it was sent, taken or not. */
  readonly offered: string[] = [];
  /** What it answers to the next messages instead of taking them. */
  readonly refusals: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((socket) => this.serve(socket));

  async start(): Promise<string> {
    this.server.listen(0, '127.0.0.1');
    await once(this.server, 'listening');
    return `smtp://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => socket.destroy());
    let buffer = '';
    let from = '';
    let to: string[] = [];
    let inMessage = false;
    const say = (line: string) => socket.write(`${line}\r\n`);
    const take = (line: string): void => {
      if (/^EHLO|^HELO/i.test(line)) say('250 mail.test');
      else if (/^MAIL FROM:/i.test(line)) {
        from = /<(.*)>/.exec(line)?.[1] ?? '';
        to = [];
        say('250 ok');
      } else if (/^RCPT TO:/i.test(line)) {
        to.push(/<(.*)>/.exec(line)?.[1] ?? '');
        say('250 ok');
      } else if (/^DATA/i.test(line)) {
        inMessage = true;
        say('354 go on');
      } else if (/^QUIT/i.test(line)) socket.end('221 bye\r\n');
      else say('502 not here');
    };
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      buffer += chunk;
      for (;;) {
        const end = inMessage ? '\r\n.\r\n' : '\r\n';
        const at = buffer.indexOf(end);
        if (at < 0) return;
        const text = buffer.slice(0, at);
        buffer = buffer.slice(at + end.length);
        if (!inMessage) {
          take(text);
          continue;
        }
        inMessage = false;
        this.offered.push(text);
        const refusal = this.refusals.shift();
        if (refusal === undefined) this.received.push({ from, to, message: text });
        say(refusal ?? '250 taken');
      }
    });
    say('220 mail.test');
  }
}

/** A header, unfolded. */
export function headerOf(message: string, name: string): string | undefined {
  const head = message.slice(0, message.indexOf('\r\n\r\n')).replace(/\r\n[ \t]+/g, ' ');
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1];
}

/** The link in a mail, read through quoted-printable. */
export function linkIn(message: string): string {
  const plain = message
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  const link = /https?:\/\/\S+\/(?:password\/set\?token|email\/confirm\?token|sign-up\?invitation)=[\w.-]+/.exec(
    plain,
  )?.[0];
  if (link === undefined) throw new Error('there is no link in the mail');
  return link;
}
