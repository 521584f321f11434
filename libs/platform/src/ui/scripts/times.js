// Times in the browser's time zone: in the tooltip of a relative time; as the text of an exact one.
import { all } from './dom.js';

const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });

/** Also for elements that are added later. */
export function showLocalTimes(within) {
  for (const time of all('time[datetime]', within)) {
    const instant = new Date(time.dateTime);
    if (Number.isNaN(instant.getTime())) continue;
    if (time.title) time.title = format.format(instant);
    else {
      time.title = time.textContent.trim();
      time.textContent = format.format(instant);
    }
  }
}

showLocalTimes(document);
