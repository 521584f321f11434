import { Reply } from '@gatehouse/platform/http/reply';
import { header, type WebRequest } from '@gatehouse/platform/http/request';
import { revisionOf } from '../../web/revision.js';
import { ApiProblem } from './problem.js';

/** An answer that shows a record, with the tag by which a change says which state it is of (RFC 9110 8.8.3). */
export function tagged(body: object, record: object): Reply {
  return Reply.json(body, { headers: { ETag: `"${revisionOf(record)}"` } });
}

/**
 * The revision that a change is made from: as a whole, for the patch was merged into that state.
 * @param before the record as it was read
 * @throws ApiProblem changed, where If-Match names another state (RFC 9110 13.1.1)
 */
export function seenRevision(request: WebRequest, before: object): string {
  const seen = revisionOf(before);
  const wanted = header(request, 'if-match');
  if (wanted !== undefined && !matches(wanted, seen))
    throw new ApiProblem('changed', 'It is not in the state of this If-Match any more: read it again.');
  return seen;
}

/** A list of entity tags, strong ones: a weak one matches nothing (RFC 9110 13.1.1, 8.8.3.2). */
function matches(wanted: string, revision: string): boolean {
  return wanted.trim() === '*' || wanted.split(',').some((tag) => tag.trim() === `"${revision}"`);
}
