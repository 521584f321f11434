import { hasWrittenHost } from './web-address.js';

describe('hasWrittenHost', () => {
  it.each([
    ['https://app.example', true],
    ['https://APP.example:8443/path?x=https:/y', true],
    ['http://[::1]:3000/', true],
    ['http://127.0.0.1/', true],
    ['https://user:secret@app.example/', true],
    ['https:/app.example/', false],
    ['https:app.example/', false],
    ['https:///app.example/', false],
    ['https:\\\\app.example/', false],
    ['https:/\\app.example/', false],
    ['https://app.example\\@other.example/', true],
    ['https://ex%61mple.com/', false],
    ['http://127.1/', false],
    ['http://0x7f000001/', false],
    ['https://', false],
    ['com.example.app:/callback', false],
    ['app.example', false],
  ])('of %s is %s', (address, written) => {
    expect(hasWrittenHost(address)).toBe(written);
  });
});
