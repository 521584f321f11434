import { addGroup, createProgram, runProgram, UsageError } from './command-line.js';

describe('an unknown option', () => {
  const messageOf = async (...argv: string[]): Promise<string> => {
    const program = createProgram('gatehouse', 'A program');
    const add = addGroup(program, { name: 'user', description: 'Users' }).command('add').exitOverride();
    add.copyInheritedSettings(addGroup(program, { name: 'user', description: 'Users' }));
    add.option('--username <name>', 'The name').action(() => undefined);
    const error: unknown = await runProgram(program, argv).catch((caught: unknown) => caught);
    if (!(error instanceof UsageError)) throw new Error(`no usage error: ${String(error)}`);
    return error.message;
  };

  it.each([
    [['--usernam=secret'], "unknown option '--usernam'"],
    [['--usernam', 'secret'], "unknown option '--usernam' (Did you mean --username?)"],
    [["--password=it's a secret"], "unknown option '--password'"],
    [["--password=first\n'secret'"], "unknown option '--password'"],
    [['--password=x\n(Did you mean secret?)'], "unknown option '--password'"],
    [['-psecret'], "unknown option '-p'"],
    [['-p=secret'], "unknown option '-p'"],
    [['-é secret'], 'unknown option'],
  ])('is named without its value: %j', async (words, expected) => {
    expect(await messageOf('user', 'add', ...words)).toBe(expected);
  });
});
