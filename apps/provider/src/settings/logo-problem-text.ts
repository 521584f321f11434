import { text, type Message } from '../i18n/message.js';
import { maxLogoBytes, maxLogoPixels, type LogoProblem } from './logo-image.js';

/** Why an image cannot be the logo, and what to do about it. */
export function logoProblemText(problem: LogoProblem): Message {
  switch (problem) {
    case 'size':
      return text('problem.setting.logoSize', { most: maxLogoBytes / 1000 });
    case 'pixels':
      return text('problem.setting.logoPixels', { most: maxLogoPixels });
    case 'damaged':
      return text('problem.setting.logoDamaged');
    case 'active':
      return text('problem.setting.logoActive');
    case 'doctype':
      return text('problem.setting.logoDoctype');
    case 'kind':
      return text('problem.setting.logoKind');
  }
}
