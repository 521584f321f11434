import { userInfo } from 'node:os';
import { commandLineActor, commandLineUser, isCommandLineActor, nameOf } from './command-line-actor';

describe('the actor of the command line', () => {
  it('is the operating-system user of the process', () => {
    expect(commandLineActor()).toBe(`cli:${userInfo().username}`);
    expect(commandLineUser(commandLineActor())).toBe(userInfo().username);
  });

  it('is the uid if the user has no name, and unknown if there is no uid either', () => {
    const missing = (): never => {
      throw new Error('ENOENT: no such file or directory, uv_os_get_passwd');
    };
    expect(nameOf(missing, 10_001)).toBe('uid 10001');
    expect(nameOf(missing, undefined)).toBe('unknown');
    expect(nameOf(() => ({ username: '' }), 7)).toBe('uid 7');
  });

  it('has no control characters, and at most 100 characters', () => {
    expect(nameOf(() => ({ username: 'ada\n\u001b[1m' }), 7)).toBe('ada[1m');
    expect(nameOf(() => ({ username: 'a'.repeat(300) }), 7)).toHaveLength(100);
  });

  it('cannot be confused with the id of an account', () => {
    expect(isCommandLineActor('01a22870-0a49-78e8-b443-0b0458dffa1d')).toBe(false);
  });
});
