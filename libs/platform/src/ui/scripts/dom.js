/** @returns {Element[]} */
export function all(selector, within = document) {
  return [...within.querySelectorAll(selector)];
}

/** Calls `act` with the closest element that matches, for each click on one, also on elements that are added later. */
export function onClick(selector, act) {
  document.addEventListener('click', (event) => {
    const element = event.target.closest?.(selector);
    if (element) act(element, event);
  });
}

let timer;

/** Shows a short message, and has it read aloud: `ui/announcements` is a live region that the page contains from the start. */
export function announce(message) {
  const region = document.getElementById('announcements');
  if (!region || !message) return;
  clearTimeout(timer);
  // A new node is announced even if its text equals the previous one.
  region.replaceChildren(message);
  timer = setTimeout(() => region.replaceChildren(), 2500);
}
