import type { RecordedMessage } from '../session/recorded-message.js';
import { messagesModel } from './message-model.js';

describe('the messages of a sign-in', () => {
  it('have an arrow from their sender to their receiver', () => {
    const messages: RecordedMessage[] = [
      { at: 1, from: 'client', kind: 'authorization', line: 'GET /authorize', fields: [] },
      { at: 1, from: 'provider', kind: 'authorization', line: 'GET /authorized', fields: [] },
      { at: 2, from: 'client', kind: 'code', line: 'POST /token', fields: [] },
      { at: 2, from: 'provider', kind: 'code', line: '200', fields: [] },
    ];
    expect(messagesModel(messages).map(({ number, lane, isResponse }) => [number, lane, isResponse])).toEqual([
      [1, 'from-bp', false],
      [2, 'from-bc', false],
      [3, 'from-cp', false],
      [4, 'from-cp', true],
    ]);
  });

  it('show the length of a secret', () => {
    const fields = [
      { name: 'Authorization', value: 'Basic', hiddenCharacters: 60 },
      { name: 'scope', value: 'openid' },
    ];
    const [message] = messagesModel([{ at: 1, from: 'client', kind: 'code', line: 'POST /token', fields }]);
    expect(message?.fields.map(({ name, value, hidden }) => [name, value, hidden && String(hidden)])).toEqual([
      ['Authorization', 'Basic', '•••••• (60 characters)'],
      ['scope', 'openid', undefined],
    ]);
  });

  it('of a session of an earlier version have a title, too', () => {
    const earlier = { at: 1, from: 'provider', title: 'Answer: UserInfo request', line: '200', fields: [] };
    const [message] = messagesModel([earlier as unknown as RecordedMessage]);
    expect(String(message?.title)).toBe('Response');
  });
});
