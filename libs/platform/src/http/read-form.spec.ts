import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { BodyTooLarge, UnsupportedBody } from './form.js';
import { readForm, type ReadFormOptions } from './read-form.js';

function requestOf(contentType: string, body: Buffer): IncomingMessage {
  const request = new IncomingMessage(new Socket());
  Object.assign(request.headers, { 'content-type': contentType, 'content-length': String(body.length) });
  request.push(body);
  request.push(null);
  return request;
}

async function multipart(form: FormData): Promise<IncomingMessage> {
  const encoded = new Response(form);
  return requestOf(encoded.headers.get('content-type') ?? '', Buffer.from(await encoded.arrayBuffer()));
}

const withFiles: ReadFormOptions = { limitBytes: 10_000, files: true };

describe('a form with files (RFC 7578)', () => {
  it('has the content of a file as a data URL, and other fields as text', async () => {
    const form = new FormData();
    form.append('name', 'Häuser & Söhne');
    form.append('tag', 'a');
    form.append('tag', 'b\0');
    form.append('logo', new Blob([Uint8Array.of(0, 255, 10)], { type: 'image/png' }), 'lo"go.png');
    form.append('empty', new Blob([]), 'empty.png');
    const read = await readForm(await multipart(form), withFiles);
    expect(read.names).toEqual(['name', 'tag', 'logo']);
    expect([read.text('name'), read.all('tag')]).toEqual(['Häuser & Söhne', ['a', 'b\uFFFD']]);
    expect(read.text('logo')).toBe('data:image/png;base64,AP8K');
  });

  it('is read only where files are expected, up to the limit, and well-formed', async () => {
    const form = new FormData();
    form.append('logo', new Blob([new Uint8Array(20_000)]), 'logo.png');
    await expect(readForm(await multipart(form), { limitBytes: 100_000 })).rejects.toThrow(UnsupportedBody);
    await expect(readForm(await multipart(form), withFiles)).rejects.toThrow(BodyTooLarge);
    const many = new FormData();
    for (let field = 0; field < 5; field++) many.append('x', '');
    await expect(readForm(await multipart(many), { ...withFiles, maxParameters: 4 })).rejects.toThrow(BodyTooLarge);
    // The parts are counted before they are parsed.
    const delimiters = requestOf('multipart/form-data; boundary=x', Buffer.from('--x\r\n'.repeat(1500)));
    await expect(readForm(delimiters, withFiles)).rejects.toThrow(BodyTooLarge);
    for (const [type, body] of [
      ['multipart/form-data', '--x--'],
      ['multipart/form-data; boundary=x', 'no parts'],
      ['multipart/form-data; boundary=x', '--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--'],
    ] as const)
      await expect(readForm(requestOf(type, Buffer.from(body)), withFiles)).rejects.toThrow(UnsupportedBody);
  });

  it('may be an ordinary form as well', async () => {
    const request = requestOf('application/x-www-form-urlencoded', Buffer.from('a=1&b=2'));
    expect((await readForm(request, withFiles)).text('b')).toBe('2');
  });
});
