import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import Handlebars from 'handlebars';
import { isError } from '../error-code.js';
import { isolatePartials, UI_PREFIX } from './partial-scope.js';
import { findProblems, type ParsedView } from './view-check.js';
import { viewHelpers, type ViewHelper } from './view-helpers.js';

/** A folder of `*.hbs` files and the prefix of their names: `{ folder: clients/views, prefix: 'clients' }` -> `clients/list`. */
export interface ViewRoot {
  readonly folder: string | URL;
  readonly prefix?: string | undefined;
}

export interface ViewsOptions {
  /** Additional helpers such as `asset`. They return text, which is escaped. */
  readonly helpers?: Readonly<Record<string, ViewHelper>> | undefined;
  /** Views that controllers use: a missing one is an error at startup. */
  readonly required?: readonly string[] | undefined;
  /** Whether the catalogue has a text: a view that names another (`{{t "key"}}`) is an error at startup. */
  readonly hasText?: ((key: string) => boolean) | undefined;
  /** Read the files again before each page, for development. */
  readonly reload?: boolean | undefined;
}

/** The partials of the design system: `ui/button`, `ui/field`, … (docs/design.md). */
export const uiViews: ViewRoot = { folder: new URL('../../src/ui/views/', import.meta.url), prefix: UI_PREFIX };

type Template = (model: object) => string;

/**
 * Pages by name, in Handlebars. Every file is both a page and a partial: a page uses the layout with
 * `{{#> layout title="Log in"}}…{{/layout}}`, which contains `{{> @partial-block}}`. Everything is escaped. Only own
 * properties of the model are accessible: models are plain objects.
 */
export class Views {
  private templates: ReadonlyMap<string, Template>;

  /**
   * @param roots searched in this order; of two files with the same name the first is used as the page
   * @throws Error listing every file that does not parse, and every partial, helper or required view that is missing
   */
  constructor(
    private readonly roots: readonly (ViewRoot | string)[],
    private readonly options: ViewsOptions = {},
  ) {
    this.templates = this.load();
  }

  has(view: string): boolean {
    return this.templates.has(view);
  }

  /** @throws RangeError when the view does not exist */
  render(view: string, model: object): string {
    if (this.options.reload === true) this.templates = this.load();
    const template = this.templates.get(view);
    if (!template) throw new RangeError(`there is no view "${view}"`);
    return template(model);
  }

  private load(): ReadonlyMap<string, Template> {
    const engine = Handlebars.create();
    const helpers = { ...viewHelpers, ...this.options.helpers };
    for (const [name, helper] of Object.entries(helpers)) engine.registerHelper(name, helper);
    const views = this.roots.flatMap((root) => readRoot(typeof root === 'string' ? { folder: root } : root));
    const byName = new Map(views.reverse().map((view) => [view.name, view]));
    const problems = findProblems([...byName.values()], {
      helpers: Object.keys(helpers),
      required: this.options.required ?? [],
      hasText: this.options.hasText,
    });
    if (problems.length > 0) throw new Error(`the views have problems:\n  ${problems.join('\n  ')}`);
    const templates = new Map<string, Template>();
    for (const { name, tree } of byName.values()) {
      if (!tree) continue;
      isolatePartials(tree);
      // Compiled on first use: parsing has already found all errors, so startup need not wait.
      const template = engine.compile(tree, {
        knownHelpersOnly: true,
        knownHelpers: known(helpers),
        preventIndent: true,
      });
      engine.registerPartial(name, template);
      templates.set(name, (model) => template(model, OWN_PROPERTIES_ONLY));
    }
    return templates;
  }
}

const OWN_PROPERTIES_ONLY = { allowProtoPropertiesByDefault: false, allowProtoMethodsByDefault: false };

function known(helpers: Readonly<Record<string, ViewHelper>>): Record<string, true> {
  return Object.fromEntries(Object.keys(helpers).map((name) => [name, true]));
}

function readRoot(root: ViewRoot): ParsedView[] {
  const folder = typeof root.folder === 'string' ? root.folder : fileURLToPath(root.folder);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.hbs'));
  return files.sort().map((file) => {
    const path = join(folder, file);
    const inside = relative(folder, path).slice(0, -'.hbs'.length).split(sep).join('/');
    const name = root.prefix === undefined || root.prefix === '' ? inside : `${root.prefix}/${inside}`;
    try {
      return { name, path, tree: Handlebars.parse(readFileSync(path, 'utf8')), problem: undefined };
    } catch (error) {
      return { name, path, tree: undefined, problem: isError(error) ? error.message : String(error) };
    }
  });
}
