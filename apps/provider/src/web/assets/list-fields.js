// Adds and removes the rows of list fields (parts/list-field) without loading the page. Without this script the same
// buttons submit the form, and the server adds or removes the row (web/list-fields.ts).
(() => {
  'use strict';

  /** Renumbers a row: its ids, its labels and the numbers that its controls send. */
  function renumber(row, list, at) {
    const { id: oldId, label: oldLabel } = row.dataset;
    const id = `${list.dataset.list}-${at}`;
    const label = list.dataset.label.replace('{number}', at + 1);
    if (oldId === id) return;
    row.dataset.id = id;
    row.dataset.label = label;
    for (const element of row.querySelectorAll('*')) {
      if (element.id.startsWith(oldId)) element.id = id + element.id.slice(oldId.length);
      const name = element.getAttribute('aria-label');
      if (name?.startsWith(oldLabel)) element.setAttribute('aria-label', label + name.slice(oldLabel.length));
      const description = element.getAttribute('aria-describedby');
      if (description?.startsWith(oldId))
        element.setAttribute('aria-describedby', id + description.slice(oldId.length));
      if (element.matches('[data-row-label]')) element.textContent = label;
      if (element.matches('[type=checkbox], [type=radio]')) element.value = String(at);
      if (element.matches('[data-list-remove]')) element.value = element.value.replace(/:\w+$/, `:${at}`);
    }
    problemLink(oldId)?.setAttribute('href', `#${id}`);
  }

  /** The link to a field in the summary of problems at the top of the page. */
  function problemLink(id) {
    return document.querySelector(`[role=alert] a[href="#${id}"]`);
  }

  function removeProblem(id) {
    const link = problemLink(id);
    const summary = link?.closest('[role=alert]');
    link?.closest('li')?.remove();
    if (summary && !summary.querySelector('li')) summary.remove();
  }

  for (const list of document.querySelectorAll('fieldset[data-list]')) {
    const rows = list.querySelector('ul');
    const blank = list.querySelector('template');
    const add = list.querySelector('[data-list-add]');
    const full = list.querySelector('[data-list-full]');
    const status = list.querySelector('[role=status]');
    const most = Number(list.dataset.most);

    const update = () => {
      [...rows.children].forEach((row, at) => renumber(row, list, at));
      // For the guard against unsaved changes.
      list.dispatchEvent(new Event('input', { bubbles: true }));
      add.disabled = rows.children.length >= most;
      full.hidden = !add.disabled;
    };
    // A new node is announced even if its text equals the previous one.
    const announce = (sentence, row) => status.replaceChildren(sentence.replace('{row}', row));

    add.addEventListener('click', (event) => {
      event.preventDefault();
      if (rows.children.length >= most) return;
      rows.append(blank.content.cloneNode(true));
      update();
      const row = rows.lastElementChild;
      row.querySelector('input').focus();
      announce(list.dataset.added, row.dataset.label);
    });

    rows.addEventListener('click', (event) => {
      const row = event.target.closest('[data-list-remove]')?.closest('li');
      if (!row) return;
      event.preventDefault();
      const { id, label } = row.dataset;
      const next = row.nextElementSibling ?? row.previousElementSibling;
      removeProblem(id);
      row.remove();
      update();
      (next?.querySelector('input') ?? add).focus();
      announce(list.dataset.removed, label);
    });
  }
})();
