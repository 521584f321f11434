import { parse as parseForm } from 'node:querystring';

export function json(response, status, value) {
  const body = typeof value === 'string' ? value : JSON.stringify(value);
  response.writeHead(status, [
    'Content-Type',
    'application/json; charset=utf-8',
    'Cache-Control',
    'no-store',
    'Content-Length',
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}

export function redirect(response, location, cookie) {
  response.writeHead(303, [
    'Location',
    location,
    'Cache-Control',
    'no-store',
    'Content-Length',
    '0',
    ...(cookie ? ['Set-Cookie', cookie] : []),
  ]);
  response.end();
}

export function form(request) {
  return new Promise((resolve, reject) => {
    let text = '';
    request.setEncoding('utf8');
    request.on('data', (chunk) => (text += chunk));
    request.on('end', () => resolve(parseForm(text)));
    request.on('error', reject);
  });
}
