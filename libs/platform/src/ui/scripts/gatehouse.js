// Progressive enhancement of all pages: every page works without this script. Bundled by scripts/lib/ui-assets.mjs.
import './copy.js';
import './filter.js';
import './live.js';
import './menus.js';
import './palette.js';
import './preview.js';
import './reveal.js';
import './selection.js';
import './tabs.js';
import './theme.js';
import './times.js';
import './unsaved.js';
