import Handlebars from 'handlebars';

/** The prefix of the partials of the design system. */
export const UI_PREFIX = 'ui';

/**
 * Gives the partials of the design system only the arguments that are written down: by default Handlebars passes a partial
 * all of the caller's context, and a button in a row with a `name` would send that name. A block keeps the caller's context,
 * which the partial has as `outer`: `{{> @partial-block outer}}`. `hasBlock` says whether there is one: `@partial-block` could
 * also be that of a partial further out.
 */
export function isolatePartials(tree: hbs.AST.Program): void {
  new PartialIsolation().accept(tree);
}

class PartialIsolation extends Handlebars.Visitor {
  override PartialStatement(statement: hbs.AST.PartialStatement): void {
    super.PartialStatement(statement);
    if (isOfDesignSystem(statement.name)) withoutContext(statement);
  }

  override PartialBlockStatement(statement: hbs.AST.PartialBlockStatement): void {
    super.PartialBlockStatement(statement);
    if (!isOfDesignSystem(statement.name)) return;
    withoutContext(statement);
    const { loc } = statement;
    const hash = statement.hash as hbs.AST.Hash | undefined;
    const pairs: hbs.AST.HashPair[] = [
      ...(hash?.pairs ?? []),
      { type: 'HashPair', key: 'outer', value: thisPath(loc), loc },
      { type: 'HashPair', key: 'hasBlock', value: yes(loc), loc },
    ];
    statement.hash = { type: 'Hash', pairs, loc };
  }
}

function isOfDesignSystem(name: hbs.AST.PathExpression | hbs.AST.SubExpression): boolean {
  return name.type === 'PathExpression' && name.original.startsWith(`${UI_PREFIX}/`);
}

function withoutContext(statement: { params: hbs.AST.Expression[]; loc: hbs.AST.SourceLocation }): void {
  if (statement.params.length === 0) statement.params.push({ type: 'UndefinedLiteral', loc: statement.loc });
}

function thisPath(loc: hbs.AST.SourceLocation): hbs.AST.PathExpression {
  return { type: 'PathExpression', data: false, depth: 0, parts: [], original: 'this', loc };
}

function yes(loc: hbs.AST.SourceLocation): hbs.AST.BooleanLiteral {
  return { type: 'BooleanLiteral', value: true, original: true, loc };
}
