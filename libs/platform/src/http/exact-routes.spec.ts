import { ExactRoutes } from './exact-routes.js';

const handler = (): undefined => undefined;

function routesOf(...registered: readonly (readonly [method: string, path: unknown])[]): ExactRoutes {
  const routes = new ExactRoutes();
  for (const [method, path] of registered) routes.add(method, [path, handler]);
  return routes;
}

const pathsOf = (routes: ExactRoutes): string[] => routes.all.map(({ method, path }) => `${method} ${path}`);

describe('the routes that the server dispatches itself', () => {
  it('are those whose path has no parameter', () => {
    const routes = routesOf(['GET', '/a'], ['POST', '/a'], ['GET', '/b/:id'], ['GET', '/c/*rest'], ['GET', '/d{/:e}']);
    expect(pathsOf(routes)).toEqual(['GET /a', 'POST /a']);
    expect(routes.find('POST', '/a')?.handler).toBe(handler);
  });

  it.each(['/A', '/a/', '//a', '/%61', '/a?x', '/b', ''])('do not have %s for /a', (path) => {
    expect(routesOf(['GET', '/a']).find('GET', path)).toBeUndefined();
  });

  it('have no HEAD or OPTIONS of their own', () => {
    const routes = routesOf(['GET', '/a']);
    expect(['HEAD', 'OPTIONS', 'POST', ''].map((method) => routes.find(method, '/a'))).toEqual(
      Array(4).fill(undefined),
    );
  });

  it.each([
    ['a parameter', ['GET', '/:page']],
    ['a wildcard', ['GET', '/a/*rest']],
    ['an optional part', ['GET', '/a{/:b}']],
    ['every method', ['ALL', '/a/b']],
    ['the same path', ['GET', '/a/b']],
    ['another case', ['GET', '/A/b']],
    ['a trailing slash', ['GET', '/a/b/']],
    ['no path', ['GET', handler]],
    ['a regular expression', ['GET', /^\/a/]],
  ] as const)('leave a path to the router that an earlier route with %s matches', (_name, earlier) => {
    const routes = routesOf(earlier, ['GET', '/a/b'], ['POST', '/z']);
    expect(routes.find('GET', '/a/b')).toEqual(
      earlier[1] === '/a/b' && earlier[0] === 'GET' ? { method: 'GET', path: '/a/b', handler } : undefined,
    );
    expect(routes.find('POST', '/z')).toBeDefined();
  });

  it('keep the first handler of a path', () => {
    const routes = routesOf(['GET', '/a']);
    routes.add('GET', ['/a', () => 'second']);
    expect(routes.find('GET', '/a')?.handler).toBe(handler);
  });

  it('are not those of another method, or of a later route', () => {
    const routes = routesOf(['POST', '/a/:id'], ['GET', '/a/b'], ['GET', '/a/:id']);
    expect(pathsOf(routes)).toEqual(['GET /a/b']);
  });

  it('are none behind a middleware', () => {
    const routes = routesOf(['GET', '/before']);
    routes.addMiddleware();
    routes.add('GET', ['/behind', handler]);
    expect(pathsOf(routes)).toEqual(['GET /before']);
  });
});
