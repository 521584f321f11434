import fc from 'fast-check';
import { isLoopbackHost, matchRedirectUri, redirectUriProblem } from './redirect-uri.js';

describe('redirectUriProblem', () => {
  it.each([
    'https://client.example.com/cb',
    'https://client.example.com',
    'https://Client.Example.com:8443/cb?a=b&c=%20',
    'https://xn--mnchen-3ya.example/cb',
    'https://192.0.2.7/cb',
    'https://[2001:db8::1]/cb',
    'http://127.0.0.1/cb',
    'http://127.0.0.1:49152/cb',
    'http://127.8.9.1/cb',
    'http://[::1]:8000/cb',
    'http://localhost:8000/authorized',
    'http://app.localhost:8000/authorized',
    'http://LOCALHOST/',
    'com.example.app:/oauth2redirect/example-provider',
    'com.example.app://host/cb',
    `https://client.example.com/${'a'.repeat(1973)}`,
  ])('finds nothing wrong with %s', (uri) => {
    expect(redirectUriProblem(uri)).toBeUndefined();
  });

  it.each([
    ['nothing', ''],
    ['a path', '/cb'],
    ['an address without scheme', 'client.example.com/cb'],
    ['a scheme-relative address', '//client.example.com/cb'],
    ['a fragment (RFC 6749 3.1.2)', 'https://client.example.com/cb#x'],
    ['an empty fragment', 'https://client.example.com/cb#'],
    ['a wildcard host', 'https://*.example.com/cb'],
    ['a wildcard path', 'https://client.example.com/*'],
    ['http elsewhere', 'http://client.example.com/cb'],
    ['http on an address in the house', 'http://192.168.1.2/cb'],
    ['a host that only begins like loopback', 'http://127.0.0.1.example.com/cb'],
    ['a host that only begins like localhost', 'http://localhost.example.com/cb'],
    ['localhost with a final dot', 'http://localhost./cb'],
    ['a short loopback address', 'http://127.1/cb'],
    ['a loopback address as one number', 'http://2130706433/cb'],
    ['a loopback address in hexadecimal', 'http://0x7f.0.0.1/cb'],
    ['the long form of ::1', 'http://[0:0:0:0:0:0:0:1]/cb'],
    ['an escaped host', 'https://ex%61mple.com/cb'],
    ['no slashes', 'https:client.example.com/cb'],
    ['one slash', 'https:/client.example.com/cb'],
    ['three slashes', 'https:///client.example.com/cb'],
    ['no host', 'https://'],
    ['a port out of range', 'https://client.example.com:65536/cb'],
    ['a user name', 'https://user@client.example.com/cb'],
    ['a password', 'https://user:pass@client.example.com/cb'],
    ['a user that looks like the host', 'https://client.example.com@evil.example/cb'],
    ['a user name in a private scheme', 'com.example.app://user@host/cb'],
    ['a backslash', 'https://client.example.com\\@evil.example/cb'],
    ['a space', 'https://client.example.com/a b'],
    ['a space in front', ' https://client.example.com/cb'],
    ['a tab, which URL parsers drop', 'ht\ttps://client.example.com/cb'],
    ['a line break at the end', 'https://client.example.com/cb\n'],
    ['letters beyond ASCII', 'https://münchen.example/cb'],
    ['a quote', 'https://client.example.com/"'],
    ['an angle bracket', 'https://client.example.com/<script>'],
    ['javascript', 'javascript:alert(1)'],
    ['JavaScript in capitals', 'JavaScript:alert(1)'],
    ['javascript with a host', 'javascript://client.example.com/%0aalert(1)'],
    ['data', 'data:text/html,x'],
    ['vbscript', 'vbscript:x'],
    ['file', 'file:///etc/passwd'],
    ['blob', 'blob:https://client.example.com/x'],
    ['about', 'about:blank'],
    ['a web socket', 'wss://client.example.com/cb'],
    ['a private scheme without a dot (RFC 8252 7.1)', 'myapp:/cb'],
    ['the out-of-band address', 'urn:ietf:wg:oauth:2.0:oob'],
    ['2001 characters', `https://client.example.com/${'a'.repeat(1974)}`],
  ])('names the problem of %s', (_name, uri) => {
    expect(redirectUriProblem(uri)).toMatch(/^[A-Za-z].*\.$/);
  });

  it.each([
    'javascript:alert(1)',
    'data:text/html,x',
    'vbscript:x',
    'file:///etc/passwd',
    'blob:https://client.example.com/x',
    'about:blank',
    'view-source:https://client.example.com/',
    'filesystem:https://client.example.com/x',
    'ws://client.example.com/cb',
    'wss://client.example.com/cb',
    'ftp://client.example.com/cb',
    'mailto:ada@client.example.com',
    'tel:+16045551234',
  ])('says of %s that redirects to its scheme are not allowed', (uri) => {
    expect(redirectUriProblem(uri)).toBe('Redirects to this scheme are not allowed.');
  });

  it.each([
    ['https://client.example.com/cb#x', /fragment/],
    ['https://client.example.com/*', /Wildcards/],
    ['https://user@client.example.com/cb', /user name or password/],
    ['https://:pass@client.example.com/cb', /user name or password/],
    ['http://client.example.com/cb', /https/],
    ['/cb', /absolute/],
    ['https://client.example.com/a b', /ASCII/],
    [`https://client.example.com/${'a'.repeat(1974)}`, /2000 characters/],
  ])('says of %s what is wrong', (uri, problem) => {
    expect(redirectUriProblem(uri)).toMatch(problem);
  });

  it('finds nothing wrong only with what a URL parser reads as the same scheme and host', () => {
    const pieces = fc.constantFrom(
      ...[
        'https:',
        'http:',
        '//',
        '/',
        '\\',
        '@',
        ':',
        '#',
        '?',
        '127.0.0.1',
        'localhost',
        'example.com',
        '%2e',
        '.',
        '443',
        'a',
        '[::1]',
      ],
    );
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
        const uri = parts.join('');
        if (redirectUriProblem(uri) !== undefined) return;
        const url = new URL(uri);
        if (url.protocol === 'http:') expect(isLoopbackHost(url.hostname)).toBe(true);
        else if (url.protocol !== 'https:') return expect(url.protocol).toContain('.');
        expect(uri.toLowerCase().startsWith(`${url.protocol}//${url.hostname}`)).toBe(true);
        expect(url.hash + url.username + url.password).toBe('');
      }),
      { numRuns: 3000 },
    );
  });
});

describe('matchRedirectUri', () => {
  const registered = [
    'https://client.example.com/cb',
    'http://127.0.0.1/cb?x=1',
    'http://[::1]:3000/cb',
    'http://localhost:8000/cb',
  ];

  it.each([
    ['https://client.example.com/cb', true],
    ['https://client.example.com/cb/', false],
    ['https://client.example.com/cb?x=1', false],
    ['https://client.example.com/cb/../evil', false],
    ['https://client.example.com/CB', false],
    ['https://Client.example.com/cb', false],
    ['https://client.example.com:443/cb', false],
    ['https://client.example.com/c', false],
    ['https://client.example.com/cb#', false],
    ['https://client.example.com/cb\n', false],
    ['https://client.example.com.evil.example/cb', false],
    ['', false],
  ])('compares %j as a string: %s (RFC 6749 3.1.2.3)', (presented, expected) => {
    expect(matchRedirectUri(registered, presented)).toBe(expected);
  });

  it.each([
    ['http://127.0.0.1/cb?x=1', true],
    ['http://127.0.0.1:49152/cb?x=1', true],
    ['http://127.0.0.1:65535/cb?x=1', true],
    ['http://127.0.0.1:65536/cb?x=1', false],
    ['http://127.0.0.1:0/cb?x=1', false],
    ['http://127.0.0.1:049152/cb?x=1', false],
    ['http://127.0.0.1:/cb?x=1', false],
    ['http://127.0.0.1:1@evil.example/cb?x=1', false],
    ['http://127.0.0.1:49152/cb', false],
    ['http://127.0.0.1:49152/cb?x=2', false],
    ['https://127.0.0.1:49152/cb?x=1', false],
    ['http://127.0.0.2:49152/cb?x=1', false],
    ['http://[::1]:49152/cb', true],
    ['http://[::1]/cb', true],
    ['http://[::1]:49152/cb?x=1', false],
    ['http://localhost:8000/cb', true],
    ['http://localhost:8001/cb', false],
    ['http://127.0.0.1:49152/cb?x=1\n', false],
    ['http://127.0.0.1:49152/cb?x=1\nx', false],
    ['evil:http://127.0.0.1:49152/cb?x=1', false],
  ])('lets only the port of a loopback address differ: %s: %s (RFC 8252 7.3)', (presented, expected) => {
    expect(matchRedirectUri(registered, presented)).toBe(expected);
  });

  it('lets the port differ where the address has no path', () => {
    expect(matchRedirectUri(['http://127.0.0.1'], 'http://127.0.0.1:49152')).toBe(true);
    expect(matchRedirectUri(['http://127.0.0.1'], 'http://127.0.0.1:49152/')).toBe(false);
  });

  it('does not look at what could not be registered', () => {
    const longest = `https://client.example.com/${'a'.repeat(1973)}`;
    expect(matchRedirectUri([longest], longest)).toBe(true);
    expect(matchRedirectUri([`${longest}a`], `${longest}a`)).toBe(false);
  });

  it('matches every registered address and nothing that extends it', () => {
    fc.assert(
      fc.property(fc.webUrl(), fc.string({ minLength: 1 }), (uri, more) => {
        expect(matchRedirectUri([uri], uri)).toBe(true);
        expect(matchRedirectUri([uri], uri + more)).toBe(false);
      }),
    );
  });
});

describe('a web application', () => {
  it('has its loopback port compared like everything else (RFC 8252 7.3 is for native ones)', () => {
    expect(matchRedirectUri(['http://127.0.0.1:8000/cb'], 'http://127.0.0.1:9999/cb', 'web')).toBe(false);
    expect(matchRedirectUri(['http://127.0.0.1:8000/cb'], 'http://127.0.0.1:8000/cb', 'web')).toBe(true);
    expect(matchRedirectUri(['http://127.0.0.1:8000/cb'], 'http://127.0.0.1:9999/cb', 'native')).toBe(true);
  });
});

describe('loopback hosts', () => {
  it.each(['localhost', 'LOCALHOST.', 'app.localhost', '127.0.0.1', '127.9.9.9', '127.10.200.30', '[::1]', '::1'])(
    '%s is one',
    (host) => {
      expect(isLoopbackHost(host)).toBe(true);
    },
  );
  it.each([
    'localhost.example',
    'notlocalhost',
    'a127.0.0.1',
    '127.0.0.1.example',
    '127.0.0.1234',
    '127.0.1',
    '128.0.0.1',
    '0.0.0.0',
    '[::2]',
  ])('%s is none', (host) => {
    expect(isLoopbackHost(host)).toBe(false);
  });
});
