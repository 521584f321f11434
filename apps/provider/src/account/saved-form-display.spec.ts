import { fieldsToShow } from './saved-form-display';
import type { SavedFormDescription } from './saved-form-description';

type Fields = readonly (readonly [string, string])[];

function shown(fields: Fields, expected: SavedFormDescription['expected']): Record<string, readonly unknown[]> {
  const form = {
    fields,
    expected,
    kind: 'resource',
    ids: [],
    page: '/resource/update/1',
    sentence: '',
  } as SavedFormDescription;
  const { entered, empty } = fieldsToShow(form, { isAdmin: true });
  return Object.fromEntries([...entered, ...empty].map(({ name, values }) => [name, values.map(String)]));
}

describe('the fields of a resumed form', () => {
  it('are shown as the handler reads them: the first value of a single-value field', () => {
    const fields: Fields = [
      ['lifetime', ''],
      ['lifetime', '60'],
      ['name', 'Payments'],
      ['name', 'Other'],
    ];
    const expected = [
      { name: 'lifetime', kind: 'value' },
      { name: 'name', kind: 'value' },
    ] as const;
    expect(shown(fields, expected)).toEqual({ lifetime: [], name: ['Payments'] });
  });

  it('show each sentence with the scope of its row', () => {
    const fields: Fields = [
      ['scope', 'news:read'],
      ['scope', ''],
      ['scope', 'pay:write'],
      ['sentence', ''],
      ['sentence', 'of a row without a scope'],
      ['sentence', 'Read the news'],
    ];
    const expected = [
      { name: 'scope', kind: 'list' },
      { name: 'sentence', kind: 'list' },
    ] as const;
    expect(shown(fields, expected)['sentence']).toEqual(['news:read: –', 'pay:write: Read the news']);
  });

  it('accept only numbers as rows', () => {
    const fields: Fields = [
      ['redirectUri', 'https://client.example/cb'],
      ['defaultRedirectUri', ''],
    ];
    const expected = [
      { name: 'redirectUri', kind: 'list' },
      { name: 'defaultRedirectUri', kind: 'value' },
    ] as const;
    expect(shown(fields, expected)['defaultRedirectUri']).toEqual([]);
  });
});
