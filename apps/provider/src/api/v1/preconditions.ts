import { Reply } from '@gatehouse/platform/http/reply';
import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { revisionOf } from '../../web/revision.js';
import { ApiProblem } from './problem.js';

/** A response with a record and its ETag, for conditional changes (RFC 9110 8.8.3). */
export function replyWithETag(body: object, record: object): Reply {
  return Reply.json(body, { headers: { ETag: `"${revisionOf(record)}"` } });
}

/**
 * The revision that a change is based on: the patch was merged into exactly that state.
 * @param before the record as it was read
 * @throws ApiProblem changed, if If-Match has another revision (RFC 9110 13.1.1)
 */
export function expectedRevision(request: WebRequest, before: object): string {
  const seen = revisionOf(before);
  const ifMatch = header(request, 'if-match');
  if (ifMatch !== undefined && !matches(ifMatch, seen))
    throw new ApiProblem('changed', 'It has changed since the ETag in If-Match. Read it again.');
  return seen;
}

/** Compares strong entity tags; a weak one never matches (RFC 9110 13.1.1, 8.8.3.2). */
function matches(ifMatch: string, revision: string): boolean {
  return ifMatch.trim() === '*' || ifMatch.split(',').some((tag) => tag.trim() === `"${revision}"`);
}
