// <table data-select="id of the bar with the bulk actions">: the box in the head selects all rows; the bar shows how many are
// selected, and only if some are. Without this script it is always there.
import { all } from './dom.js';

for (const table of all('table[data-select]')) {
  const head = table.querySelector('thead .pick input');
  const bar = document.getElementById(table.dataset.select);
  const rows = () => all('tbody .pick input', table);
  const update = () => {
    const count = rows().filter(({ checked }) => checked).length;
    head.checked = count > 0 && count === rows().length;
    head.indeterminate = count > 0 && !head.checked;
    bar.hidden = count === 0;
    for (const number of all('[data-count]', bar)) number.textContent = String(count);
  };
  table.addEventListener('change', ({ target }) => {
    if (target === head) for (const row of rows()) row.checked = head.checked;
    update();
  });
  bar.dataset.ready = '';
  update();
  // Also after Back, when the browser has restored what was selected.
  addEventListener('pageshow', update);
}
