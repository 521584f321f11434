// `dialog#palette`, if the page has one: Ctrl-K or a [data-palette] link opens it. The links lead to the search page otherwise.
import { all, onClick } from './dom.js';

const palette = document.getElementById('palette');
const field = palette?.querySelector('input');
const choices = () => all('li:not([hidden]) a', palette);

function open() {
  if (!palette.open) palette.showModal();
  field.select();
}

function move(step) {
  const links = choices();
  const at = links.findIndex((link) => link.classList.contains('on'));
  links[at]?.classList.remove('on');
  const next = links[(at + step + links.length) % links.length] ?? links[0];
  next?.classList.add('on');
  next?.scrollIntoView({ block: 'nearest' });
}

if (field) {
  onClick('[data-palette]', (_link, event) => {
    event.preventDefault();
    open();
  });
  // The dialog itself is the target only of a click on its backdrop.
  palette.addEventListener('click', ({ target }) => target === palette && palette.close());
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      open();
    }
  });
  palette.addEventListener('keydown', (event) => {
    const chosen = choices().find((link) => link.classList.contains('on'));
    if (event.key === 'ArrowDown') move(1);
    else if (event.key === 'ArrowUp') move(chosen ? -1 : 0);
    else if (event.key === 'Enter' && chosen) chosen.click();
    else return;
    event.preventDefault();
  });
}
