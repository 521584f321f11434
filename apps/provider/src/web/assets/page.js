// Progressive enhancement: every page works without this script.
(() => {
  'use strict';

  // Shows times in the browser's time zone; the exact time stays in the tooltip.
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });
  for (const time of document.querySelectorAll('time[datetime]')) {
    const instant = new Date(time.dateTime);
    if (Number.isNaN(instant.getTime())) continue;
    time.title = time.textContent.trim();
    time.textContent = format.format(instant);
  }

  // <button hidden data-reveal="id of a password field" data-hide="Hide">Show</button>
  for (const button of document.querySelectorAll('button[data-reveal]')) {
    const field = document.getElementById(button.dataset.reveal);
    if (!field) continue;
    const show = button.textContent;
    button.hidden = false;
    button.addEventListener('click', () => {
      const shown = field.type === 'text';
      field.type = shown ? 'password' : 'text';
      button.textContent = shown ? show : button.dataset.hide;
      button.setAttribute('aria-pressed', String(!shown));
      field.focus();
    });
    // The browser must not save a visible password as the text of an ordinary field.
    field.form?.addEventListener('submit', () => (field.type = 'password'));
  }

  // <button hidden data-copy="id of an element" data-copied="Copied">
  for (const button of document.querySelectorAll('button[data-copy]')) {
    const source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(source.textContent.trim());
        button.textContent = button.dataset.copied;
      } catch {
        getSelection()?.selectAllChildren(source);
      }
    });
  }

  // <button hidden data-download="id of an element" data-file="name.txt">: downloads its text as a file.
  for (const button of document.querySelectorAll('button[data-download]')) {
    const source = document.getElementById(button.dataset.download);
    if (!source) continue;
    button.hidden = false;
    button.addEventListener('click', () => {
      const lines = `${source.textContent.trim()}\n`;
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([lines], { type: 'text/plain' }));
      link.download = button.dataset.file;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
})();
