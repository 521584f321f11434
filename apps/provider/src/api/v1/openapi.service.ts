import 'reflect-metadata';
import { Inject, Injectable, type INestApplication } from '@nestjs/common';
import { MetadataScanner } from '@nestjs/core';
import { SETTINGS } from '../../config/settings.token.js';
import type { Settings } from '../../config/settings.js';
import { routes } from '../../web/routes.js';
import { apiControllers } from './api-controllers.js';
import { operationOf, type OperationDescription } from './operation.js';
import { problemIds, titleOf } from './problem.js';
import type { ShapeName } from './shapes.js';

/** The parts of the document that the documentation page reads. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, JsonSchema>> };
}

/** The JSON schema of an object. */
export interface JsonSchema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly description?: string }>>;
}

export interface OpenApiOperation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { readonly $ref: string } }>> };
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly description?: string }[];
  /** When the operation requires a recent sign-in of a user; absent if never. The description ends with the sentence. */
  readonly 'x-recent-sign-in'?: SignInRule;
}

/** When an operation requires a recent sign-in of the user whose token calls it. */
export type SignInRule = keyof typeof signInSentences;

type Swagger = typeof import('@nestjs/swagger');

/**
 * Generates the API's OpenAPI 3.1 document from the `@Operation` descriptions. The library is loaded on first use: with the
 * shapes it takes several megabytes that most processes never need.
 */
@Injectable()
export class OpenApi {
  private document: Promise<OpenApiDocument> | undefined;
  private app: INestApplication | undefined;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  /** The library reads the routes of the application. */
  serve(app: INestApplication): void {
    this.app = app;
  }

  read(): Promise<OpenApiDocument> {
    this.document ??= this.generate().catch((error: unknown) => {
      this.document = undefined;
      throw error;
    });
    return this.document;
  }

  private async generate(): Promise<OpenApiDocument> {
    if (!this.app) throw new Error('The application is not set.');
    const swagger = await import('@nestjs/swagger');
    const { z } = await import('zod');
    const { bodies, shapes } = await import('./shapes.js');
    for (const controller of apiControllers) describe(swagger, controller);
    const config = new swagger.DocumentBuilder()
      .setTitle('Gatehouse administration')
      .setVersion('1')
      .setDescription('Everything that administrators can do on the pages, for programs.')
      .setOpenAPIVersion('3.1.0')
      .addServer(this.settings.issuer)
      .addOAuth2(
        {
          type: 'oauth2',
          flows: {
            authorizationCode: {
              authorizationUrl: this.settings.issuer + routes.authorize,
              tokenUrl: this.settings.issuer + routes.token,
              scopes,
            },
            clientCredentials: { tokenUrl: this.settings.issuer + routes.token, scopes },
          },
        },
        'gatehouse',
      )
      .build();
    const document = swagger.SwaggerModule.createDocument(this.app, config, {
      operationIdFactory: (controller, method) => `${controller.replace(/Api$/, '')}.${method}`,
    });
    const described = new Set(apiControllers.map(tagOf));
    const apiPaths = Object.entries(document.paths).filter(
      ([path, item]) =>
        path.startsWith(`${routes.adminApi}/`) &&
        Object.values(item as Record<string, OpenApiOperation>).some(({ tags }) => described.has(tags?.[0] ?? '')),
    );
    const schemas: Record<string, JsonSchema> = {};
    const add = (name: string, shape: import('zod').ZodType): void => {
      const { $schema: _schema, ...schema } = z.toJSONSchema(shape, { io: 'input' }) as Record<string, unknown>;
      schemas[name] = schema;
    };
    for (const [name, shape] of Object.entries(bodies)) add(`${name}Body`, shape);
    for (const [name, shape] of Object.entries(shapes)) add(name, shape);
    return {
      ...(document as unknown as OpenApiDocument),
      paths: Object.fromEntries(apiPaths) as unknown as OpenApiDocument['paths'],
      components: { ...document.components, schemas },
    };
  }
}

const scopes = {
  'gatehouse:read': 'See everything',
  'gatehouse:admin': 'See and change everything',
};

/** Where the paths and controllers have other words than the pages. */
const tags: Readonly<Record<string, string>> = {
  ResourcesApi: 'APIs',
  IssuersApi: 'Trusted issuers',
  RegistrationTokensApi: 'Initial access tokens',
};

/** `AuditEventsApi` -> `Audit events` */
function tagOf(controller: new (...all: never[]) => unknown): string {
  const tag = tags[controller.name];
  if (tag !== undefined) return tag;
  const words = controller.name.replace(/Api$/, '').split(/(?=[A-Z])/);
  return words.map((word, at) => (at === 0 ? word : word.toLowerCase())).join(' ');
}

/** Passes the descriptions of the operations to the library. */
function describe(swagger: Swagger, controller: new (...all: never[]) => unknown): void {
  const prototype = controller.prototype as object;
  swagger.ApiTags(tagOf(controller))(controller);
  for (const method of new MetadataScanner().getAllMethodNames(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, method);
    const operation = operationOf(property?.value);
    if (!property || !operation) continue;
    for (const decorate of decoratorsOf(swagger, operation)) decorate(prototype, method, property);
  }
}

function decoratorsOf(swagger: Swagger, operation: OperationDescription): MethodDecorator[] {
  const { summary, requiredScope: needs, query = [], body, response: answers, pages, creates, changes } = operation;
  const rule = signInRuleOf(operation);
  const parameters = [
    ...query,
    ...(pages ? [{ name: 'limit', description: 'Items per page: 1 to 200, by default 50.' }] : []),
    ...(pages ? [{ name: 'cursor', description: '`next` of the previous page.' }] : []),
  ];
  return [
    swagger.ApiOperation({ summary, description: describeOperation(operation) }),
    swagger.ApiSecurity('gatehouse', [needs]),
    ...(rule === undefined ? [] : [swagger.ApiExtension('x-recent-sign-in', rule)]),
    ...parameters.map((each) =>
      swagger.ApiQuery({
        name: each.name,
        description: each.description,
        required: false,
        schema: { type: 'string', ...('oneOf' in each ? { enum: [...(each.oneOf ?? [])] } : {}) },
      }),
    ),
    ...(creates
      ? [
          swagger.ApiHeader({
            name: 'Idempotency-Key',
            required: false,
            description:
              'A repeated request with the same key within a day gets the first response, and nothing is created twice.',
          }),
        ]
      : []),
    ...(changes
      ? [
          swagger.ApiHeader({
            name: 'If-Match',
            required: false,
            description: 'The ETag of the state that the change is based on; 412 if it has changed since.',
          }),
        ]
      : []),
    ...(body ? [swagger.ApiBody({ schema: { $ref: `#/components/schemas/${body}Body` } })] : []),
    answers
      ? swagger.ApiResponse({
          status: creates ? 201 : 200,
          description: 'Done.',
          content: { 'application/json': { schema: pages || operation.listsAll ? pageOf(answers) : refTo(answers) } },
        })
      : swagger.ApiResponse({ status: 204, description: 'Done.' }),
    ...problemIds.map((id) => {
      const { status, title } = titleOf(id);
      return swagger.ApiResponse({
        status,
        description: title,
        content: { 'application/problem+json': { schema: refTo('Problem') } },
      });
    }),
  ];
}

export const signInSentences = {
  always:
    'A user’s token requires a sign-in of at most ten minutes, with the second factor if the user has one (RFC 9470).',
  'by client':
    'If it changes how the client authenticates or rights that an administrator grants, adds a redirect URI, a grant type, a response type or (to a client without consent, or one with such rights) a scope, or removes a restriction, a user’s token requires a sign-in of at most ten minutes (RFC 9470).',
  'by resource':
    'If it changes the identifier, the name or the description of a scope, adds a scope, lets anyone get tokens (`allow: anyone`), makes tokens JWTs or extends their lifetime, a user’s token requires a sign-in of at most ten minutes (RFC 9470).',
};

function describeOperation(operation: OperationDescription): string {
  const { description } = operation;
  const rule = signInRuleOf(operation);
  return [description, rule && signInSentences[rule]].filter((part) => part !== undefined).join(' ');
}

function signInRuleOf({ requiredScope, signIn }: OperationDescription): SignInRule | undefined {
  return requiredScope === 'gatehouse:read' || signIn === 'any' ? undefined : (signIn ?? 'always');
}

function refTo(name: ShapeName): { $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

function pageOf(name: ShapeName): object {
  return {
    type: 'object',
    required: ['items', 'next'],
    properties: {
      items: { type: 'array', items: refTo(name) },
      next: { type: ['string', 'null'], description: 'The cursor of the next page; null at the end.' },
    },
  };
}
