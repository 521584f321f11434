import { frontchannelLogoutAddress } from './frontchannel-logout.js';

const session = { issuer: 'https://login.example.com', sessionId: 's 1' };

describe('frontchannelLogoutAddress', () => {
  it('has iss and sid, beside what the client registered (Front-Channel Logout 1.0, 2)', () => {
    expect(frontchannelLogoutAddress('https://rp.example.com/out?a=b', session)).toBe(
      'https://rp.example.com/out?a=b&iss=https%3A%2F%2Flogin.example.com&sid=s+1',
    );
  });

  it('is the registered one where the client does not want to know which session', () => {
    expect(frontchannelLogoutAddress('https://rp.example.com/out?a=b', undefined)).toBe(
      'https://rp.example.com/out?a=b',
    );
  });
});
