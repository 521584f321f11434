import { loopbackNameMismatch } from './loopback-names.js';

const origin = 'http://localhost:5000';
const page = { method: 'GET', host: '127.0.0.1:5000', target: '/login?next=%2Fhome', wantsPage: true };

describe('a page opened by another loopback name', () => {
  it.each([
    ['http://localhost:5000', '127.0.0.1:5000'],
    ['http://localhost:5000', '[::1]:5000'],
    ['http://127.0.0.1:5000', 'localhost:5000'],
    ['http://[::1]:5000', 'LOCALHOST:5000'],
    ['http://localhost', '127.0.0.1'],
    ['https://localhost:5443', '127.0.0.1:5443'],
  ])('than that of %s, by %s, is redirected there with path and query', (own, host) => {
    expect(loopbackNameMismatch(own, { ...page, host })).toEqual({
      kind: 'redirect',
      address: `${own}/login?next=%2Fhome&loopback_redirect=1`,
    });
  });

  it('is redirected once: with the mark it is shown', () => {
    const first = loopbackNameMismatch(origin, { ...page, target: '/login' });
    expect(first?.address).toBe(`${origin}/login?loopback_redirect=1`);
    expect(loopbackNameMismatch(origin, { ...page, target: '/login?loopback_redirect=1' })).toEqual({
      kind: 'shown',
      address: `${origin}/login?loopback_redirect=1`,
    });
  });

  it.each([
    ['our own name', { host: 'localhost:5000' }],
    ['our own name in capitals', { host: 'LocalHost:5000' }],
    ['another port', { host: '127.0.0.1:5001' }],
    ['a name that is not a loopback name', { host: 'gatehouse.example:5000' }],
    ['a name below localhost, which has cookies of its own', { host: 'app.localhost:5000' }],
    ['no Host header', { host: undefined }],
    ['a Host header that is none', { host: 'a b' }],
    ['a form', { method: 'POST' }],
    ['a program', { wantsPage: false }],
    ['an absolute target', { target: 'http://evil.example/' }],
  ])('is left alone: %s', (_name, changed) => {
    expect(loopbackNameMismatch(origin, { ...page, ...changed })).toBeUndefined();
  });

  it('never leads away from our origin', () => {
    expect(new URL(loopbackNameMismatch(origin, { ...page, target: '//evil.example/' })?.address ?? '').host).toBe(
      'localhost:5000',
    );
  });

  it('is left alone where our own name is no loopback name', () => {
    expect(loopbackNameMismatch('https://login.example:5000', page)).toBeUndefined();
  });
});
