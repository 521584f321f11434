// Finds the SQL in TypeScript sources: arguments of `statement(name, sql, …)`, also through functions that build statements, and
// SQL in any other string. Constants, local functions and imports with a relative path are resolved; a value that is only known
// at run time becomes `?`.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const unknown = ' ? ';
const maxDepth = 20;

/**
 * @param paths the sources; only imports of these files are resolved
 * @returns for each string of SQL: `file`, `line`, `name` (of a statement, otherwise undefined) and `sql`
 */
export function readStatements(paths) {
  const sources = new Map(paths.map((path) => [path, parse(path)]));
  const reader = new Reader(sources);
  const found = [...sources.values()].flatMap((source) => reader.statements(source));
  return [...found, ...[...sources.values()].flatMap((source) => reader.otherStrings(source))];
}

function parse(path) {
  return ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
}

class Reader {
  /** The strings that are part of a statement. */
  #read = new Set();
  #builders = new Map();

  constructor(sources) {
    this.sources = sources;
  }

  /** The statements that a file declares. A call inside a function is resolved where that function is called. */
  statements(source) {
    const calls = descendants(source, ts.isCallExpression).filter((call) => this.#buildsStatement(call));
    const outer = calls.filter((call) => !calls.some((other) => other !== call && contains(other, call)));
    return outer
      .filter((call) => enclosingFunction(call) === undefined)
      .flatMap((call) =>
        this.#statementsOf(call, new Map(), 0).map((statement) => ({ ...location(source, call), ...statement })),
      );
  }

  /** Strings that are not part of a statement: SQL for TypeORM's query builder, or in a function that builds no statement. */
  otherStrings(source) {
    return descendants(source, isText)
      .filter((node) => !this.#read.has(node) && !(node.parent && isText(node.parent)))
      .map((node) => ({ ...location(source, node), name: undefined, sql: this.#text(node, new Map(), 0) }));
  }

  #statementsOf(call, values, depth) {
    if (depth > maxDepth) return [];
    if (isStatementCall(call)) {
      const [name, ...rest] = call.arguments.map((argument) => this.#text(argument, values, depth).trim());
      return [{ name, sql: rest.join('\n;\n') }];
    }
    const callee = this.#functionOf(call.expression, values);
    if (callee === undefined) return [];
    const inner = bind(callee, call, values);
    return descendants(callee.body, ts.isCallExpression)
      .filter((other) => this.#buildsStatement(other))
      .flatMap((other) => this.#statementsOf(other, inner, depth + 1));
  }

  #buildsStatement(call) {
    if (isStatementCall(call)) return true;
    const callee = ts.isIdentifier(call.expression) ? this.#functionOf(call.expression, new Map()) : undefined;
    if (callee === undefined) return false;
    if (!this.#builders.has(callee)) {
      this.#builders.set(callee, false); // stops recursion
      const builds = descendants(callee.body, ts.isCallExpression).some((other) => this.#buildsStatement(other));
      this.#builders.set(callee, builds);
    }
    return this.#builders.get(callee);
  }

  /** The text of an expression. If it has several possible values, all of them. */
  #text(node, values, depth) {
    if (node === undefined || depth > maxDepth) return unknown;
    const text = (inner) => this.#text(inner, values, depth + 1);
    if (ts.isStringLiteralLike(node)) {
      this.#read.add(node);
      return node.text;
    }
    if (ts.isTemplateExpression(node)) {
      this.#read.add(node);
      return node.head.text + node.templateSpans.map((span) => text(span.expression) + span.literal.text).join('');
    }
    if (ts.isIdentifier(node)) return this.#textOfName(node, values, depth);
    if (ts.isBinaryExpression(node)) return text(node.left) + text(node.right);
    if (ts.isConditionalExpression(node)) return `${text(node.whenTrue)}\n;\n${text(node.whenFalse)}`;
    if (ts.isArrayLiteralExpression(node)) return node.elements.map(text).join(' ');
    if (ts.isObjectLiteralExpression(node))
      return node.properties.map((property) => text(property.initializer ?? property.name)).join('\n;\n');
    if (ts.isPropertyAccessExpression(node)) return this.#textOfProperty(node, values, depth);
    if (ts.isCallExpression(node)) return this.#textOfCall(node, values, depth);
    if (node.expression !== undefined) return text(node.expression); // parentheses, `as const`, `satisfies`
    return unknown;
  }

  #textOfName(node, values, depth) {
    const found = this.#resolve(node, values);
    return found === undefined ? unknown : this.#text(found.node, found.values, depth + 1);
  }

  #textOfProperty(node, values, depth) {
    const object = this.#resolve(node.expression, values);
    if (object === undefined || !ts.isObjectLiteralExpression(unwrapped(object.node))) return unknown;
    const property = unwrapped(object.node).properties.find(({ name }) => name?.text === node.name.text);
    return property === undefined ? unknown : this.#text(property.initializer, object.values, depth + 1);
  }

  /** A function's result, or for `sql.replaceAll(…)`, `columns.join(…)` and the like what it is called on. */
  #textOfCall(call, values, depth) {
    const callee = this.#functionOf(call.expression, values);
    if (callee === undefined) {
      const receiver = ts.isPropertyAccessExpression(call.expression) ? call.expression.expression : undefined;
      return [receiver, ...call.arguments]
        .filter((part) => part !== undefined && !ts.isArrowFunction(part))
        .map((part) => this.#text(part, values, depth + 1))
        .join(' ');
    }
    const inner = bind(callee, call, values);
    return results(callee)
      .map((result) => this.#text(result, inner, depth + 1))
      .join('\n;\n');
  }

  #functionOf(expression, values) {
    if (!ts.isIdentifier(expression)) return undefined;
    const found = this.#resolve(expression, values)?.node;
    return found !== undefined && isFunction(found) && found.body !== undefined ? found : undefined;
  }

  /** Resolves an identifier in its scope to an argument, a constant or a function, in this file or the file it is imported from. */
  #resolve(node, values) {
    if (!ts.isIdentifier(node)) return { node, values };
    for (let scope = node.parent; scope !== undefined; scope = scope.parent) {
      const declared = declarationIn(scope, node.text);
      if (declared === undefined) continue;
      if (ts.isParameter(declared) || ts.isBindingElement(declared)) return values.get(declared);
      if (ts.isImportSpecifier(declared)) return this.#imported(declared);
      return { node: ts.isVariableDeclaration(declared) ? declared.initializer : declared, values };
    }
    return undefined;
  }

  #imported(specifier) {
    const declaration = specifier.parent.parent.parent;
    const from = declaration.moduleSpecifier.text;
    if (!from.startsWith('.')) return undefined;
    const path = join(dirname(specifier.getSourceFile().fileName), from.replace(/\.js$/, '.ts'));
    const source = existsSync(path) ? this.sources.get(path) : undefined;
    const declared = source && declarationIn(source, (specifier.propertyName ?? specifier.name).text);
    if (declared === undefined || ts.isImportSpecifier(declared)) return undefined;
    return { node: ts.isVariableDeclaration(declared) ? declared.initializer : declared, values: new Map() };
  }
}

/** The values of a function's parameters in a call. */
function bind(callee, call, values) {
  const inner = new Map(values);
  callee.parameters.forEach((parameter, index) => {
    const node = call.arguments[index] ?? parameter.initializer;
    inner.set(parameter, node && { node, values });
    if (!ts.isObjectBindingPattern(parameter.name)) return;
    const properties = node !== undefined && ts.isObjectLiteralExpression(node) ? node.properties : [];
    for (const element of parameter.name.elements) {
      const key = (element.propertyName ?? element.name).text;
      const property = properties.find(({ name }) => name?.text === key);
      const value = property?.initializer ?? property?.name ?? element.initializer;
      inner.set(element, value && { node: value, values });
    }
  });
  return inner;
}

function declarationIn(scope, name) {
  const named = (node) => node.name !== undefined && ts.isIdentifier(node.name) && node.name.text === name;
  if (isFunction(scope))
    return scope.parameters
      .flatMap((parameter) => (ts.isObjectBindingPattern(parameter.name) ? parameter.name.elements : [parameter]))
      .find(named);
  if (!ts.isSourceFile(scope) && !ts.isBlock(scope)) return undefined;
  return scope.statements
    .flatMap((statement) => {
      if (ts.isVariableStatement(statement)) return [...statement.declarationList.declarations];
      const imported = ts.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined;
      if (imported !== undefined && ts.isNamedImports(imported)) return [...imported.elements];
      return ts.isFunctionDeclaration(statement) ? [statement] : [];
    })
    .find((declared) => named(declared) && (!ts.isVariableDeclaration(declared) || declared.initializer !== undefined));
}

function results({ body }) {
  if (!ts.isBlock(body)) return [body];
  return descendants(body, ts.isReturnStatement).map(({ expression }) => expression);
}

function descendants(node, test) {
  const found = [];
  const visit = (inner) => {
    if (test(inner)) found.push(inner);
    ts.forEachChild(inner, visit);
  };
  visit(node);
  return found;
}

function enclosingFunction(node) {
  for (let outer = node.parent; outer !== undefined; outer = outer.parent) if (isFunction(outer)) return outer;
  return undefined;
}

function unwrapped(node) {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node)
    ? unwrapped(node.expression)
    : node;
}

const contains = (outer, inner) => outer.pos <= inner.pos && inner.end <= outer.end;
const isFunction = (node) => ts.isFunctionLike(node) && 'parameters' in node && !ts.isTypeNode(node);
const isText = (node) => ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
const isStatementCall = ({ expression }) => ts.isIdentifier(expression) && expression.text === 'statement';
const location = (source, node) => ({
  file: source.fileName,
  line: source.getLineAndCharacterOfPosition(node.getStart()).line + 1,
});
