// <div id="…" data-live="5">: fetches the page every so many seconds and exchanges the content of this element. Pauses while
// the tab is in the background, and while the element is in use: focus and selected text stay.
import { all } from './dom.js';

function isInUse(element) {
  const selection = getSelection();
  return (
    element.contains(document.activeElement) || (!selection?.isCollapsed && element.contains(selection.anchorNode))
  );
}

async function refresh(element) {
  if (document.hidden || isInUse(element)) return;
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById(element.id);
  if (!fresh || fresh.innerHTML === element.innerHTML || isInUse(element)) return;
  const open = new Set(all('details[open][id]', element).map(({ id }) => id));
  element.replaceChildren(...fresh.childNodes);
  for (const details of all('details[id]', element)) details.open ||= open.has(details.id);
}

for (const element of all('[data-live][id]'))
  setInterval(() => refresh(element).catch(() => undefined), Number(element.dataset.live) * 1000);
