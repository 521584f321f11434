// <div id="…" data-live="5">: fetches the page every so many seconds and exchanges the content of this element. With
// data-live-check="address", that address is asked first, and the page is fetched only if the answer is { changed: true }, or once
// a minute for the relative times; `check` of the answer is the next address. An element with the id "…-news" is a live region that
// gets its data-news when something with an id is new. Pauses while the tab is in the background, while the element is in use
// (focus and selected text stay), and ten minutes after the last input: the refreshing must not keep a session alive for ever.
import { all } from './dom.js';
import { showLocalTimes } from './times.js';

const pauseAfter = 10 * 60_000;
const fullAfter = 60_000;
let lastInput = Date.now();

for (const type of ['pointerdown', 'pointermove', 'keydown', 'scroll'])
  addEventListener(type, () => (lastInput = Date.now()), { capture: true, passive: true });

function isInUse(element) {
  const selection = getSelection();
  return (
    element.contains(document.activeElement) || (!selection?.isCollapsed && element.contains(selection.anchorNode))
  );
}

const idsOf = (element) => all('[id]', element).map(({ id }) => id);

async function hasChanged({ dataset }) {
  const response = await fetch(dataset.liveCheck, { headers: { Accept: 'application/json' } });
  if (!response.ok || response.redirected) return false;
  const { changed, check } = await response.json();
  dataset.liveCheck = check;
  return changed;
}

async function refresh(element, state) {
  if (document.hidden || isInUse(element) || Date.now() - lastInput > pauseAfter) return;
  const { liveCheck } = element.dataset;
  if (liveCheck && !(await hasChanged(element)) && Date.now() - state.loadedAt < fullAfter) return;
  const response = await fetch(location.href, { headers: { Accept: 'text/html' } });
  if (!response.ok || response.redirected) return;
  const page = new DOMParser().parseFromString(await response.text(), 'text/html');
  const fresh = page.getElementById(element.id);
  if (!fresh || isInUse(element)) return;
  state.loadedAt = Date.now();
  if (fresh.innerHTML === state.content) return;
  state.content = fresh.innerHTML;
  const open = new Set(all('details[open][id]', element).map(({ id }) => id));
  const known = new Set(idsOf(element));
  element.replaceChildren(...fresh.childNodes);
  showLocalTimes(element);
  for (const details of all('details[id]', element)) details.open ||= open.has(details.id);
  const news = document.getElementById(`${element.id}-news`);
  if (news && idsOf(element).some((id) => !known.has(id))) news.replaceChildren(news.dataset.news);
}

for (const element of all('[data-live][id]')) {
  const state = { loadedAt: Date.now(), content: undefined };
  setInterval(() => refresh(element, state).catch(() => undefined), Number(element.dataset.live) * 1000);
}
