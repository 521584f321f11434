import { resourceIdentifierProblem } from './resource-identifier.js';

describe('resourceIdentifierProblem', () => {
  it.each([
    ['https://api.example/', undefined],
    ['urn:example:api', undefined],
    ['http://localhost:3000', undefined],
    ['https:/api.example/', /in full/],
    ['https:api.example', /in full/],
    ['https://ex%61mple.com/', /in full/],
    ['http://api.example/', /Use an https URL or a URN/],
  ])('of %s is %s', (identifier, problem) => {
    const found = resourceIdentifierProblem(identifier);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toMatch(problem);
  });
});
