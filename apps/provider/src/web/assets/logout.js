// Continues to the application when every frame has loaded, or after three seconds.
(() => {
  'use strict';

  const link = document.querySelector('a[data-continue]');
  if (!link) return;
  const frames = [...document.querySelectorAll('iframe')];
  const loaded = frames.map((frame) => new Promise((resolve) => frame.addEventListener('load', resolve)));
  // This script is deferred: a frame that loaded earlier fires no event, and the timeout covers it.
  const timeout = new Promise((resolve) => setTimeout(resolve, 3000));
  Promise.race([Promise.all(loaded), timeout]).then(() => location.replace(link.href));
})();
