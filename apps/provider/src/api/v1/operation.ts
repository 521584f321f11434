import type { BodyName, ShapeName } from './shapes.js';

/** A parameter of the query. */
export interface QueryParameter {
  readonly name: string;
  readonly description: string;
  readonly oneOf?: readonly string[];
}

/** What one operation is, for whoever is let in and for whoever reads the documentation. */
export interface OperationDescription {
  readonly summary: string;
  readonly description?: string;
  /** The lesser scope that opens it. */
  readonly needs: 'gatehouse:read' | 'gatehouse:admin';
  readonly query?: readonly QueryParameter[];
  readonly body?: BodyName;
  /** Left out: 204, and no body. */
  readonly answers?: ShapeName;
  /** A page of what it answers, by key. */
  readonly pages?: true;
  /** 201, and an Idempotency-Key is taken. */
  readonly creates?: true;
  /**
   * What changes something asks a person for a recent sign-in, whatever is not said to be `any` here. `by client` and
   * `by resource`: the method decides by what is changed of a client or an API.
   */
  readonly signIn?: 'any' | 'by client' | 'by resource';
  /** Of a record that has an ETag; If-Match is taken. */
  readonly changes?: true;
}

const descriptionKey = Symbol('operation of the API');

/** Says what a method of the API needs and gives; a method without it answers nobody. */
export function Operation(description: OperationDescription): MethodDecorator {
  return (_target, _name, descriptor) => {
    Reflect.defineMetadata(descriptionKey, description, descriptor.value as object);
  };
}

export function operationOf(method: unknown): OperationDescription | undefined {
  return typeof method === 'function'
    ? (Reflect.getMetadata(descriptionKey, method) as OperationDescription | undefined)
    : undefined;
}
