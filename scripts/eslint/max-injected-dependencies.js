const operationRunners = new Set(['Operations', 'PageOperations']);

/**
 * A class with more than `max` injected dependencies has more than one responsibility. The rule counts constructor parameters
 * with `@Inject(…)` and, in classes with `@Injectable()`, `@Controller()` and the like, those that Nest injects by their type.
 * `Operations` and `PageOperations` together count as one.
 */
export const maxInjectedDependencies = {
  meta: {
    type: 'suggestion',
    docs: { description: 'limit the dependencies that are injected into a class' },
    schema: [
      {
        type: 'object',
        properties: { max: { type: 'integer', minimum: 1 } },
        required: ['max'],
        additionalProperties: false,
      },
    ],
    messages: {
      tooMany:
        '{{name}} has {{count}} injected dependencies, more than {{max}}. Split it, or move related dependencies into a service.',
    },
  },
  create(context) {
    const [{ max }] = context.options;
    return {
      'MethodDefinition[kind="constructor"]'(node) {
        const owner = node.parent.parent;
        const count = countInjected(owner, node.value.params);
        if (count > max)
          context.report({
            node: owner.id ?? owner,
            messageId: 'tooMany',
            data: { name: owner.id?.name ?? 'The class', count: String(count), max: String(max) },
          });
      },
    };
  },
};

const nestClasses = new Set(['Injectable', 'Controller', 'Module', 'Catch', 'WebSocketGateway', 'Resolver']);

function countInjected(owner, parameters) {
  const isNest = owner.decorators?.some((decorator) => nestClasses.has(decoratorName(decorator))) ?? false;
  const injected = parameters
    .map((parameter) => injectedName(parameter, isNest))
    .filter((name) => name !== undefined)
    .map((name) => (operationRunners.has(name) ? 'Operations' : name));
  const others = injected.filter((name) => name !== 'Operations');
  return others.length + (others.length < injected.length ? 1 : 0);
}

/** The token of `@Inject(token)`, otherwise the class of the parameter's type. */
function injectedName(parameter, isNest) {
  const variable = parameter.type === 'TSParameterProperty' ? parameter.parameter : parameter;
  const inject = parameter.decorators?.find((decorator) => decoratorName(decorator) === 'Inject');
  const [token] = inject?.expression.arguments ?? [];
  if (token !== undefined) return token.type === 'Identifier' ? token.name : '';
  const type = (variable.type === 'AssignmentPattern' ? variable.left : variable).typeAnnotation?.typeAnnotation;
  if (inject === undefined && !isNest) return undefined;
  return type?.type === 'TSTypeReference' && type.typeName.type === 'Identifier' ? type.typeName.name : '';
}

function decoratorName({ expression }) {
  const name = expression.type === 'CallExpression' ? expression.callee : expression;
  return name.type === 'Identifier' ? name.name : undefined;
}
