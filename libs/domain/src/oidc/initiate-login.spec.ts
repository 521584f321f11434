import { initiateLoginAddress } from './initiate-login.js';

describe('initiateLoginAddress', () => {
  it.each([
    ['https://client.example.com/begin', 'https://client.example.com/begin?iss=https%3A%2F%2Flogin.example.com'],
    [
      'https://client.example.com/begin?a=b',
      'https://client.example.com/begin?a=b&iss=https%3A%2F%2Flogin.example.com',
    ],
    // What stands there already is not ours.
    ['https://client.example.com/?iss=x', 'https://client.example.com/?iss=https%3A%2F%2Flogin.example.com'],
  ])('%s with the issuer (OpenID Connect Core 4)', (uri, address) => {
    expect(initiateLoginAddress(uri, 'https://login.example.com')).toBe(address);
  });
});
