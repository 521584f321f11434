import { monogramOf } from './monogram';

describe('a monogram', () => {
  it.each([
    ['Grafana', 'G'],
    ['Desk Assistant', 'DA'],
    ['warehouse  intake of Birchwood', 'wi'],
    [' (beta) 42 things', 'b4'],
    ['– Dash first', 'Df'],
    ['E\u0301cole normale', 'Én'],
    ['倉庫 管理', '倉管'],
    ['𝒜lgebra', '𝒜'],
    ['★★', '★'],
    ['', ''],
  ])('of %s is %s', (name, monogram) => {
    expect(monogramOf(name)).toBe(monogram);
  });
});
