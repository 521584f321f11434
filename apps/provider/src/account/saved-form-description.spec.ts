import { fieldsToShow } from './saved-form-display';
import { describeSavedForm } from './saved-form-description';

describe('a form that is resumed after a sign-in', () => {
  const described = (address: string, ...fields: [string, string][]) => {
    const form = describeSavedForm({ address, fields });
    return { ...form, sentence: form.sentence.toString() };
  };

  it.each([
    ['/user/update/some%20Id', 'Change this user', ['some Id']],
    ['/USER/Update/some%20Id/?x=/key', 'Change this user', ['some Id']],
    ['/user/add', 'Add a user', []],
    ['/user/update/%', 'Change this user', ['%']],
  ])('at %s: %s', (address, sentence, ids) => expect(described(address)).toMatchObject({ sentence, ids }));

  it('describes both actions of a failed request', () => {
    const of = (action: string) =>
      described('/failed-request/2flz', ['action', action], ['fix', 'Allow the scope read']);
    expect(of('fix')).toMatchObject({
      sentence: 'Apply the suggested change to the application of this failed request',
      kind: 'failed request',
      ids: ['2flz'],
      fields: [['fix', 'Allow the scope read']],
    });
    expect(of('enable').sentence).toBe('Enable the application of this failed request');
  });

  it('returns the page to go back to', () => {
    expect(described('/user/link/a%2Fb').page).toBe('/user/update/a%2Fb');
    expect(described('/key', ['action', 'rotate']).page).toBe('/key');
  });

  it.each<[string, [string, string][]]>([
    ['/no/such/page', [['action', 'save']]],
    ['/key', [['action', 'unknown']]],
    ['/key', [['action', 'constructor']]],
    ['/key', []],
    [
      '/key',
      [
        ['action', 'rotate'],
        ['action', 'rotate-now'],
      ],
    ],
    ['/user/add', [['action', 'delete']]],
  ])('shows all fields if no rule matches: %s with %j', (address, fields) => {
    const form = described(address, ...fields, ['csrf', 'x'], ['revision', 'y']);
    expect(form.sentence).toBe(`A form will be sent to ${address}`);
    expect(form.fields).toEqual(fields);
  });

  it('reads the records of a list from their checkboxes, each once', () =>
    expect(
      described('/client', ['action', 'approve'], ['id', 'a'], ['revision:a', 'r'], ['id', 'b'], ['id', 'a']),
    ).toMatchObject({ sentence: 'Approve these applications', ids: ['a', 'b'], fields: [] }));

  it('shows fields by their labels, those without a label by their names, and empty ones separately', () => {
    const { entered, empty } = fieldsToShow(
      describeSavedForm({
        address: '/client/update/a',
        fields: [
          ['tab', 'advanced'],
          ['__proto__', 'x'],
          ['redirectUri', 'https://a.test/'],
          ['redirectUri', 'https://b.test/'],
          ['defaultRedirectUri', '1'],
          ['owner', ' '],
          ['pkceRequired', ''],
        ],
      }),
      {
        isAdmin: true,
        before: { pkceRequired: true, secondFactorRequired: true, serviceAccount: false, consentRequired: true },
      },
    );
    const shown = new Map(
      entered.map((field) => [field.name, { ...field, label: String(field.label), values: field.values.map(String) }]),
    );
    expect(shown.get('redirectUri')).toEqual({
      name: 'redirectUri',
      label: 'Redirect URIs',
      values: ['https://a.test/', 'https://b.test/'],
    });
    expect(shown.get('defaultRedirectUri')?.values).toEqual(['https://b.test/']);
    expect(shown.get('pkceRequired')).toEqual({ name: 'pkceRequired', label: 'Require PKCE', values: ['On'] });
    expect(shown.get('secondFactorRequired')).toMatchObject({ values: ['Off (on until now)'], changed: true });
    // A field of another page, which this form does not change.
    expect(shown.has('consentRequired')).toBe(false);
    expect(shown.get('serviceAccount')).toEqual(expect.objectContaining({ values: ['Off'] }));
    expect(shown.get('postLogoutRedirectUri')?.values).toEqual(['None']);
    expect(shown.get('tokenExchange')?.values).toEqual(['None']);
    expect(entered.at(-1)).toEqual({ name: '__proto__', label: undefined, values: ['x'] });
    expect(empty.map(({ name }) => name)).toEqual(expect.arrayContaining(['owner']));
  });

  it('shows every value of a field that is read several times, and what a row number stands for', () => {
    const valuesOf = (address: string, fields: [string, string][]): Map<string, string[]> => {
      const { entered } = fieldsToShow(describeSavedForm({ address, fields }), { isAdmin: true });
      return new Map(entered.map(({ name, values }) => [name, values.map(String)]));
    };
    const issuer = valuesOf('/issuer/add', [
      ['clients', 'good'],
      ['clients', 'other'],
      ['resources', 'urn:one'],
      ['resources', 'urn:two'],
    ]);
    expect(issuer.get('clients')).toEqual(['good', 'other']);
    expect(issuer.get('resources')).toEqual(['urn:one', 'urn:two']);
    const exchange = valuesOf('/client/update/a', [
      ['tab', 'advanced'],
      ['tokenExchange', ''],
      ['tokenExchange', 'urn:one'],
      ['tokenExchange', 'urn:two'],
      ['impersonation', '2'],
    ]);
    expect(exchange.get('tokenExchange')).toEqual(['urn:one', 'urn:two']);
    expect(exchange.get('impersonation')).toEqual(['urn:two']);
  });

  it('hides fields of administrators from other users', () => {
    const form = describeSavedForm({
      address: '/client/update/a',
      fields: [
        ['tab', 'advanced'],
        ['name', 'A'],
      ],
    });
    const names = (isAdmin: boolean): string[] => {
      const { entered, empty } = fieldsToShow(form, { isAdmin });
      return [...entered, ...empty].map(({ name }) => name);
    };
    expect(names(true).filter((name) => !names(false).includes(name))).toEqual(
      expect.arrayContaining(['secondFactorRequired', 'serviceAccount', 'tokenExchange', 'owner', 'securityProfile']),
    );
  });
});
