import Handlebars from 'handlebars';

export interface ParsedView {
  readonly name: string;
  readonly path: string;
  readonly tree: hbs.AST.Program | undefined;
  /** The parse error. */
  readonly problem: string | undefined;
}

const BUILT_IN = ['if', 'unless', 'each', 'with', 'lookup', 'log'];

/** What views may use, and what must be there. */
export interface ViewRules {
  readonly helpers: readonly string[];
  readonly required: readonly string[];
  /** Undefined: texts are not checked. */
  readonly hasText?: ((key: string) => boolean) | undefined;
}

/**
 * Finds errors that otherwise appear only when a page is rendered: unknown partials, helpers and texts, raw output, missing
 * views.
 */
export function findProblems(
  views: readonly ParsedView[],
  { helpers, required, hasText }: ViewRules,
): readonly string[] {
  const names = new Set(views.map((view) => view.name));
  const missing = required.filter((name) => !names.has(name)).map((name) => `${name}: there is no such view`);
  const known: Known = { names, helpers: new Set([...BUILT_IN, ...helpers]), hasText: hasText ?? (() => true) };
  return [...views.flatMap((view) => problemsOf(view, known)), ...missing];
}

interface Known {
  readonly names: ReadonlySet<string>;
  readonly helpers: ReadonlySet<string>;
  readonly hasText: (key: string) => boolean;
}

function problemsOf(view: ParsedView, known: Known): readonly string[] {
  if (!view.tree) return [`${view.path}: ${view.problem ?? 'does not parse'}`];
  const check = new ViewCheck(view.path, known);
  check.accept(view.tree);
  return check.problems;
}

class ViewCheck extends Handlebars.Visitor {
  readonly problems: string[] = [];
  /** Inline partials are known in the file that defines them. */
  private readonly inline = new Set<string>();

  constructor(
    private readonly path: string,
    private readonly known: Known,
  ) {
    super();
  }

  override MustacheStatement(statement: hbs.AST.MustacheStatement): void {
    if (!statement.escaped) this.add(statement, 'writes something unescaped');
    this.checkCall(statement, statement.path, statement.params.length > 0 || statement.hash !== undefined);
    this.checkText(statement);
    super.MustacheStatement(statement);
  }

  override BlockStatement(statement: hbs.AST.BlockStatement): void {
    this.checkCall(statement, statement.path, statement.params.length > 0);
    super.BlockStatement(statement);
  }

  override SubExpression(expression: hbs.AST.SubExpression): void {
    this.checkCall(expression, expression.path, true);
    this.checkText(expression);
    super.SubExpression(expression);
  }

  override DecoratorBlock(decorator: hbs.AST.DecoratorBlock): void {
    const [name] = decorator.params;
    if (name?.type === 'StringLiteral') this.inline.add((name as hbs.AST.StringLiteral).value);
    super.DecoratorBlock(decorator);
  }

  override PartialStatement(statement: hbs.AST.PartialStatement): void {
    this.checkPartial(statement, statement.name);
    super.PartialStatement(statement);
  }

  override PartialBlockStatement(statement: hbs.AST.PartialBlockStatement): void {
    this.checkPartial(statement, statement.name);
    super.PartialBlockStatement(statement);
  }

  /** A name with arguments can only be a helper; without, it may be a property of the model. */
  private checkCall(
    node: hbs.AST.Node,
    path: hbs.AST.PathExpression | hbs.AST.Literal | hbs.AST.SubExpression,
    certain: boolean,
  ): void {
    if (!certain || path.type !== 'PathExpression') return;
    const name = (path as hbs.AST.PathExpression).original;
    if (!this.known.helpers.has(name)) this.add(node, `uses the helper "${name}", which does not exist`);
  }

  private checkText({ path, params: [key], loc }: hbs.AST.MustacheStatement | hbs.AST.SubExpression): void {
    if (path.type !== 'PathExpression' || (path as hbs.AST.PathExpression).original !== 't') return;
    if (key?.type !== 'StringLiteral') return;
    const { value } = key as hbs.AST.StringLiteral;
    if (!this.known.hasText(value)) this.add({ type: 'Text', loc }, `shows the text "${value}", which does not exist`);
  }

  private checkPartial(node: hbs.AST.Node, name: hbs.AST.PathExpression | hbs.AST.SubExpression): void {
    if (name.type !== 'PathExpression') return;
    const { original, data } = name;
    if (data || this.known.names.has(original) || this.inline.has(original)) return;
    this.add(node, `shows the partial "${original}", which does not exist`);
  }

  private add(node: hbs.AST.Node, problem: string): void {
    this.problems.push(`${this.path}:${node.loc.start.line} ${problem}`);
  }
}
