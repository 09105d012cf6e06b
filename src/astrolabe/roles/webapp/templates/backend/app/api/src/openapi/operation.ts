import type { z } from 'zod';

type Schema = z.ZodType;

/** One operation of the API, described with the schemas that check it. */
export interface Operation {
  method: 'delete' | 'get' | 'patch' | 'post';
  path: string;
  id: string;
  tag: string;
  summary: string;
  /** Whether it can be used without an access token. */
  open?: boolean;
  query?: z.ZodObject;
  body?: { name: string; schema: Schema };
  answer: { status: number; description: string; name?: string; schema?: Schema };
  problems: readonly number[];
}
