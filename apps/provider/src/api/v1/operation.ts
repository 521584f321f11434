import type { BodyName, ShapeName } from './shapes.js';

/** A parameter of the query. */
export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly oneOf?: readonly string[];
}

/** Describes an operation, for access control and for the documentation. */
export interface OperationDescription {
  readonly summary: string;
  readonly description?: string;
  /** The minimum scope. */
  readonly requiredScope: 'gatehouse:read' | 'gatehouse:admin';
  readonly query?: readonly QueryParameter[];
  readonly body?: BodyName;
  /** By default 204, without a body. */
  readonly response?: ShapeName;
  /** Returns a page of items, with a cursor. */
  readonly pages?: true;
  /** Returns all items in the form of one page, because there are few. */
  readonly listsAll?: true;
  /** Returns 201, and accepts an Idempotency-Key. */
  readonly creates?: true;
  /**
   * Operations that change something require a user's recent sign-in, unless this is `any`. `by client` and `by resource`: it
   * depends on the changed properties of the client or the API.
   */
  readonly signIn?: 'any' | 'by client' | 'by resource';
  /** Changes a record with an ETag, and accepts If-Match. */
  readonly changes?: true;
}

const descriptionKey = Symbol('operation of the API');

/** Describes a method of the API; the guard rejects all requests to a method without it. */
export function ApiEndpoint(description: OperationDescription): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(descriptionKey, description, descriptor.value as object);
  };
}

export function operationOf(method: unknown): OperationDescription | undefined {
  return typeof method === 'function'
    ? (Reflect.getMetadata(descriptionKey, method) as OperationDescription | undefined)
    : undefined;
}
