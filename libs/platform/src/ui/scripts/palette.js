// `dialog#palette`, if the page has one: Ctrl-K or a [data-palette] link opens it. It shows the results of the search page
// (`#search-results`) as links under headings. The links lead to that page otherwise.
import { all, onClick } from './dom.js';

const palette = document.getElementById('palette');
const form = palette?.querySelector('form');
const field = palette?.querySelector('input');
const list = palette?.querySelector('[data-palette-list]');
const delayMilliseconds = 150;

let timer;
let latest = 0;
let shown;

const choices = () => all('a', list);

function open() {
  if (!palette.open) palette.showModal();
  field.select();
  search();
}

function move(step) {
  const links = choices();
  const at = links.findIndex((link) => link.classList.contains('on'));
  links[at]?.classList.remove('on');
  const next = links[(at + step + links.length) % links.length] ?? links[0];
  next?.classList.add('on');
  next?.scrollIntoView({ block: 'nearest' });
}

/** A link of the search page, in one line. */
function lineOf(item) {
  const link = item.querySelector('a').cloneNode(true);
  const glyph = item.firstElementChild;
  const detail = item.querySelector('.sub');
  link.className = '';
  if (glyph && !glyph.contains(item.querySelector('a'))) link.prepend(glyph.cloneNode(true));
  if (detail) link.append(detail.cloneNode(true));
  return link;
}

function show(results) {
  const groups = all('section', results).map((section) => {
    const group = document.createElement('section');
    const heading = document.createElement('h2');
    heading.textContent = section.querySelector('h2').textContent;
    group.append(heading, ...all('li', section).map(lineOf));
    return group;
  });
  list.replaceChildren(...(groups.length > 0 ? groups : [list.dataset.none]));
}

/** Answers may arrive in another order than the questions: only the latest is shown. */
async function search() {
  const text = field.value.trim();
  if (text === shown) return;
  const number = ++latest;
  const response = await fetch(`${form.action}?q=${encodeURIComponent(text)}`, { headers: { Accept: 'text/html' } });
  if (!response.ok || response.redirected || number !== latest) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const results = page.getElementById('search-results');
  if (!results || number !== latest) return;
  shown = text;
  show(results);
}

/** Chooses among the results of what was typed last, not of what was typed before. */
async function moveInResults(step) {
  clearTimeout(timer);
  await search().catch(() => undefined);
  move(step);
}

if (field && list) {
  onClick('[data-palette]', (_link, event) => {
    event.preventDefault();
    open();
  });
  // The dialog itself is the target only of a click on its backdrop.
  palette.addEventListener('click', ({ target }) => target === palette && palette.close());
  field.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => search().catch(() => undefined), delayMilliseconds);
  });
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      open();
    }
  });
  palette.addEventListener('keydown', (event) => {
    const chosen = choices().find((link) => link.classList.contains('on'));
    if (event.key === 'ArrowDown') moveInResults(1);
    else if (event.key === 'ArrowUp') moveInResults(chosen ? -1 : 0);
    else if (event.key === 'Enter' && chosen) chosen.click();
    else return;
    event.preventDefault();
  });
}
