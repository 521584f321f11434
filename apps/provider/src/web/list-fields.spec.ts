import { changeRows, listFieldModel, maxRows, rowAfterRemoval } from './list-fields';

const scopes = { list: 'scope', row: 'scope', label: 'client.scopeRow' } as const;

describe('the rows of a list field', () => {
  it('get a blank row at the end, with the focus', () => {
    expect(changeRows(scopes, ['a'], 'add-scope', '')).toEqual({ rows: ['a', ''], focus: 'scope.1' });
  });

  it('get no more rows than are read', () => {
    const rows = Array.from({ length: maxRows }, String);
    expect(changeRows(scopes, rows, 'add-scope', '')).toEqual({ rows, focus: `scope.${maxRows - 1}` });
    expect(
      listFieldModel(
        scopes,
        rows.map((value) => ({ value })),
        { problems: {}, focused: undefined },
      ),
    ).toMatchObject({
      isFull: true,
      most: maxRows,
    });
  });

  it('lose a row, and the focus moves to the row in its place, the last row or the button', () => {
    expect(changeRows(scopes, ['a', 'b', 'c'], 'remove-scope:1', '')).toEqual({
      rows: ['a', 'c'],
      removed: 1,
      focus: 'scope.1',
    });
    expect(changeRows(scopes, ['a', 'b'], 'remove-scope:1', '')?.focus).toBe('scope.0');
    expect(changeRows(scopes, ['a'], 'remove-scope:0', '')?.focus).toBe('scope.add');
  });

  it.each([
    'save',
    'add-scopes',
    'add-scope:1',
    'remove-scope',
    'remove-scope:',
    'remove-scope:new',
    'remove-scope:-1',
  ])('are not changed by %s', (action) => {
    expect(changeRows(scopes, ['a'], action, '')).toBeUndefined();
  });

  it('are renumbered after a removal', () => {
    expect([0, 1, 2, -1].map((row) => rowAfterRemoval(row, 1))).toEqual([0, -1, 1, -1]);
  });
});
