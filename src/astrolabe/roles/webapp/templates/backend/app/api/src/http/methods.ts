import type { RequestHandler } from 'express';
import { Problem } from './problem';

interface Known {
  segments: string[];
  methods: ReadonlySet<string>;
}

const isVariable = (segment: string) => segment.startsWith('{');
const variables = ({ segments }: Known) => segments.filter(isVariable).length;

function known([path, operations]: [string, object]): Known {
  const methods = new Set(Object.keys(operations).map((method) => method.toUpperCase()));
  if (methods.has('GET')) methods.add('HEAD');
  return { segments: path.split('/'), methods: methods.add('OPTIONS') };
}

const matches = (segments: readonly string[], asked: readonly string[]) =>
  segments.length === asked.length &&
  segments.every((segment, place) => isVariable(segment) || segment === asked.at(place));

/** Answers 405 to a method that a described path does not have, and says which it has. */
export function refuseOtherMethods(paths: Record<string, object>): RequestHandler {
  // `/books/options` before `/books/{id}`, as among the routes.
  const all = Object.entries(paths)
    .map(known)
    .sort((one, other) => variables(one) - variables(other));
  return (req, res, next) => {
    const asked = `${req.baseUrl}${req.path}`.replace(/\/$/, '').split('/');
    const found = all.find(({ segments }) => matches(segments, asked));
    if (found && !found.methods.has(req.method)) {
      res.setHeader('Allow', [...found.methods].join(', '));
      throw new Problem(405, 'method_not_allowed', `This cannot be done here: ${req.method}.`);
    }
    next();
  };
}
