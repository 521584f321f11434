import { text, type Message } from '../../i18n/message.js';

/**
 * What a session was signed in with, for people: `amr` values (RFC 8176) without those that only qualify another.
 * A recovery code replaces the code of an authenticator app.
 */
export function methodTexts(amr: readonly string[]): readonly Message[] {
  return amr.flatMap((method): Message[] => {
    switch (method) {
      case 'pwd':
        return [text('method.password')];
      case 'otp':
        return [text(amr.includes('recovery') ? 'method.recoveryCode' : 'method.app')];
      case 'pop':
        return [text('method.passkey')];
      case 'mfa':
      case 'user':
      case 'recovery':
        return [];
      default:
        return [method];
    }
  });
}
