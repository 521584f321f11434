import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import { epochSeconds } from '@gatehouse/domain/kernel';
import { AddressList } from '../outbound/address-list.js';
import { CsrfTokens } from './csrf.js';
import { BodyTooLarge, Form, RepeatedParameter } from './form.js';
import { describeFailure } from './failure.js';
import { formPostPage } from './form-post-page.js';
import { cookieHeader } from './reply-writer.js';
import { addressKey, clientAddress, cookie, networkKey, originForm, query, requestId, prefersHtml } from './request.js';
import { formPostPolicy, pagePolicy } from './security-headers.js';
import { TrustedProxies } from './trusted-proxies.js';

/** As much of a request as the functions under test look at. */
function request(headers: IncomingMessage['headers'], originalUrl = '/', remoteAddress = '192.0.2.1'): IncomingMessage {
  return { headers, originalUrl, socket: { remoteAddress } } as unknown as IncomingMessage;
}

describe('the target of a request (RFC 9112 3.2)', () => {
  it.each([
    ['/user?x=1', '/user?x=1'],
    ['http://evil.example/user/link?x=http://y/z', '/user/link?x=http://y/z'],
    ['HTTPS://user@evil.example:1234/user', '/user'],
    ['http://evil.example', '/'],
    ['http://evil.example?x=1', '/?x=1'],
    ['http:///user', '/user'],
    ['*', '*'],
    ['', ''],
  ])('%j is read as %j', (sent, read) => expect(originForm(sent)).toBe(read));
});

describe('a form', () => {
  it('tells repeated parameters from absent ones (RFC 6749 3.1)', () => {
    const form = Form.parse('a=1&b=&c=2&c=3');
    expect(() => form.protocolParameters()).toThrow(RepeatedParameter);
    expect([...form.protocolParameters(['c'])]).toEqual([
      ['a', '1'],
      ['c', '2 3'],
    ]);
    expect(form.get('b')).toBe('');
    expect(form.get('d')).toBeUndefined();
    expect(form.without('c').names).toEqual(['a', 'b']);
  });

  it('reads what browsers read (WHATWG URL 5.1)', () => {
    const pieces = [
      'a',
      'b',
      '=',
      '&',
      '+',
      '%',
      '%2',
      '%41',
      '%C3%A4',
      '%c3',
      '%EF%BB%BF',
      '%26',
      ' ',
      'ä',
      '😀',
      '?',
    ];
    const texts = fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        const form = Form.parse(text);
        // All in ASCII: Node's own mixes up bytes and characters where a malformed escape meets a letter beyond it.
        const escaped = text.replace(/[^\0-\x7f]+/g, encodeURIComponent);
        const expected = new URLSearchParams(escaped.startsWith('?') ? `?${escaped}` : escaped);
        expect(form.names).toEqual([...new Set(expected.keys())]);
        for (const name of form.names) expect(form.all(name)).toEqual(expected.getAll(name));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps a leading question mark, and names that objects have', () => {
    expect(Form.parse('?a=1').get('?a')).toBe('1');
    expect(Form.parse('__proto__=1&constructor=2').names).toEqual(['__proto__', 'constructor']);
  });
});

describe('a request', () => {
  it('gives cookies by their exact name, the first of two', () => {
    const asked = request({ cookie: 'xa=0; a=1;b=x=y; a=2; c' });
    expect(cookie(asked, 'a')).toBe('1');
    expect(cookie(asked, 'b')).toBe('x=y');
    expect(cookie(asked, 'c')).toBeUndefined();
    expect(cookie(request({}), 'a')).toBeUndefined();
  });

  it('gives its query decoded', () => {
    expect(query(request({}, '/x?a=%C3%A4+b&a=2')).all('a')).toEqual(['ä b', '2']);
    expect(query(request({}, '/x')).names).toEqual([]);
  });

  it('keeps its id, from a valid trace alone (W3C Trace Context 3.2)', () => {
    const traced = request({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });
    expect(requestId(traced)).toBe('4bf92f3577b34da6a3ce929d0e0e4736');
    for (const traceparent of [
      '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
      'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      '<script>',
    ]) {
      const asked = request({ traceparent });
      expect(requestId(asked)).toMatch(/^(?!4bf92f|0{32})[0-9a-f]{32}$/);
      expect(requestId(asked)).toBe(requestId(asked));
    }
  });

  it('believes no X-Forwarded-For without trusted proxies', () => {
    expect(clientAddress(request({ 'x-forwarded-for': '203.0.113.1' }))).toBe('192.0.2.1');
    expect(clientAddress(request({}, '/', '::ffff:192.0.2.9'))).toBe('192.0.2.9');
  });

  it('knows who wants a page', () => {
    expect(prefersHtml(request({ accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }))).toBe(true);
    expect(prefersHtml(request({ accept: 'application/json, text/html;q=0.1' }))).toBe(false);
    expect(prefersHtml(request({ accept: '*/*' }))).toBe(false);
    expect(prefersHtml(request({}))).toBe(false);
  });
});

describe('the client behind proxies', () => {
  const proxies = new TrustedProxies(AddressList.empty.with(['10.0.0.0/8', 'fd00::/8']));

  it.each([
    ['192.0.2.1', '203.0.113.1', '192.0.2.1', 'a stranger says nothing about others'],
    ['10.0.0.1', undefined, '10.0.0.1', 'no header'],
    ['10.0.0.1', '203.0.113.1', '203.0.113.1', 'one proxy'],
    ['10.0.0.1', '1.1.1.1, 203.0.113.1, 10.0.0.2', '203.0.113.1', 'the right-most stranger'],
    ['10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3', 'proxies alone: the furthest'],
    ['10.0.0.1', '203.0.113.1, garbage, 10.0.0.2', '10.0.0.2', 'nothing left of garbage'],
    ['10.0.0.1', '203.0.113.1:4711', '203.0.113.1', 'with a port'],
    ['fd00::1', '[2001:db8::7]:443', '2001:db8::7', 'IPv6 with a port'],
  ])('%s forwarded for %s is %s: %s', (remote, forwarded, client, _rule) => {
    expect(proxies.clientBehind(remote, forwarded)).toBe(client);
  });

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8::6', '2001:db8:0:0::/64'],
    ['2001:0DB8:0001::', '2001:db8:1:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is counted as %s', (address, key) => {
    expect(addressKey(address)).toBe(key);
  });

  it.each([
    ['192.0.2.17', '192.0.2.0/24'],
    ['2001:db8:1:ff00::7', '2001:db8:1::/48'],
    ['2001:0DB8:0001::', '2001:db8:1::/48'],
    ['::1', '0:0:0::/48'],
    ['unknown', 'unknown'],
  ])('counts %s in the network %s', (address, network) => {
    expect(networkKey(address)).toBe(network);
  });
});

describe('CSRF tokens', () => {
  const now = epochSeconds(1_800_000_000);
  const key = Buffer.alloc(32, 1);
  const tokens = new CsrfTokens([key]);

  it('hold for their browser and for a day', () => {
    const token = tokens.issue('browser', now);
    expect(tokens.verify(token, 'browser', epochSeconds(now + 86_400))).toBe(true);
    expect(tokens.verify(token, 'browser', epochSeconds(now + 86_401))).toBe(false);
    expect(tokens.verify(token, 'browser', epochSeconds(now - 61))).toBe(false);
    expect(tokens.verify(token, 'other', now)).toBe(false);
  });

  it('hold after the key was rotated', () => {
    const token = tokens.issue('browser', now);
    expect(new CsrfTokens([Buffer.alloc(32, 2), key]).verify(token, 'browser', now)).toBe(true);
    expect(new CsrfTokens([Buffer.alloc(32, 2)]).verify(token, 'browser', now)).toBe(false);
  });

  it.each(['', '.', 'x', 'a.b', `1.${'A'.repeat(43)}`, `zzzzzzzz.${'A'.repeat(43)}`])('are not %j', (text) => {
    expect(tokens.verify(text, 'browser', now)).toBe(false);
  });
});

describe('headers', () => {
  it('write a cookie with its attributes', () => {
    expect(cookieHeader({ name: '__Host-a', value: 'v', secure: true, maxAgeSeconds: 60 })).toBe(
      '__Host-a=v; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Lax',
    );
    expect(cookieHeader({ name: 'a', value: '', secure: false })).toContain('Max-Age=0');
    expect(() => cookieHeader({ name: 'a', value: 'v; Domain=evil', secure: false })).toThrow(RangeError);
  });

  it('name schemes alone in a policy', () => {
    expect(pagePolicy(['https:'])).toMatch(/form-action 'self' https:$/);
    expect(() => pagePolicy(["https: 'unsafe-inline'"])).toThrow(RangeError);
    expect(formPostPolicy('com.example.app:/cb')).toContain('form-action com.example.app:;');
  });

  it('escape what a form post hands on', () => {
    const page = formPostPage('https://x/?a=1&b="', { 'a"': `<'>` }, undefined);
    expect(page).toContain('action="https://x/?a=1&amp;b=&quot;"');
    expect(page).toContain('name="a&quot;" value="&lt;&#39;&gt;"');
    expect(page).not.toContain('<script');
  });
});

describe('failures', () => {
  it('have a status and an id, and what is not known is a bug', () => {
    expect(describeFailure(new BodyTooLarge(1))).toMatchObject({
      id: 'form.too_large',
      status: 413,
      unexpected: false,
    });
    expect(describeFailure(new Error('x'))).toMatchObject({ id: 'server.error', status: 500, unexpected: true });
    expect(describeFailure('text')).toMatchObject({ status: 500 });
  });
});
