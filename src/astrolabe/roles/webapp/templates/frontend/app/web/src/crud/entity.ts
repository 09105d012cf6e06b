import type { Reference, Resource, Row } from '../api/resource';
import type { Permissions } from '../auth/permissions';
import { formatValue } from './format';

export interface Choice {
  value: string;
  label: string;
}

interface CommonSpec<Name extends string> {
  name: Name;
  label: string;
  help?: string;
  required?: boolean;
  sortable?: boolean;
}

export interface TextSpec<Name extends string = string> extends CommonSpec<Name> {
  kind: 'string' | 'text' | 'email' | 'url';
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  defaultValue?: string;
}

export interface NumberSpec<Name extends string = string> extends CommonSpec<Name> {
  kind: 'integer' | 'decimal';
  min?: number;
  max?: number;
  filterable?: boolean;
  defaultValue?: number;
}

export interface TimeSpec<Name extends string = string> extends CommonSpec<Name> {
  kind: 'date' | 'datetime';
  filterable?: boolean;
  /** `now` stands for the moment the form is opened. */
  defaultValue?: string;
}

export interface BooleanSpec<Name extends string = string> extends CommonSpec<Name> {
  kind: 'boolean';
  filterable?: boolean;
  defaultValue?: boolean;
}

export interface ChoiceSpec<Name extends string = string> extends CommonSpec<Name> {
  kind: 'enum';
  choices: readonly Choice[];
  filterable?: boolean;
  defaultValue?: string;
}

/** A link to rows of another entity. `key` is the property that holds their id or ids, `name` the one to show. */
export interface RelationSpec<Name extends string = string> extends CommonSpec<Name> {
  kind: 'relation';
  key: string;
  /** The name of the other entity. */
  target: string;
  many: boolean;
  filterable?: boolean;
  /** Where the pages of the other entity are; absent when it has no detail page. */
  path?: string;
  search: (q: string, signal?: AbortSignal) => Promise<Reference[]>;
  find: (id: string, signal?: AbortSignal) => Promise<Reference>;
}

export type FieldSpec<Name extends string = string> =
  | TextSpec<Name>
  | NumberSpec<Name>
  | TimeSpec<Name>
  | BooleanSpec<Name>
  | ChoiceSpec<Name>
  | RelationSpec<Name>;

/** The names of a row's fields and relations: what may be a column, or stand in a form. */
export type FieldName<T extends Row> = Exclude<keyof T & string, keyof Row>;

/**
 * All that lists, details and forms need to know about one kind of thing. `Input` is what is sent to create one.
 */
export interface Entity<T extends Row, Input> {
  name: string;
  label: string;
  plural: string;
  description?: string;
  path: string;
  /** The field that names a row. */
  display: FieldName<T>;
  searchable: boolean;
  fields: readonly FieldSpec<FieldName<T>>[];
  permissions: Permissions;
  pages: { list: boolean; detail: boolean; form: boolean };
  api: Resource<T, Input>;
}

export function fieldsOf<T extends Row, Input>(
  entity: Entity<T, Input>,
  names: readonly FieldName<T>[],
) {
  return names.map((name) => {
    const found = entity.fields.find((field) => field.name === name);
    if (!found) throw new Error(`${entity.label} has no field "${name}".`);
    return found;
  });
}

/** What to call a row in a title, a link or a question. */
export function titleOf<T extends Row, Input>(entity: Entity<T, Input>, row: T): string {
  const field = entity.fields.find(({ name }) => name === entity.display);
  const text = field ? formatValue(field, row[entity.display]) : '';
  return text || `${entity.label} ${row.id.slice(-6)}`;
}

/** Checks a description against the types of its rows. */
export const described = <T extends Row, Input>(entity: Entity<T, Input>) => entity;

/** An entity as the menu and the home page see it, whatever its fields are. */
export interface EntitySummary extends Pick<
  Entity<Row, unknown>,
  'name' | 'label' | 'plural' | 'description' | 'path' | 'permissions' | 'pages'
> {
  /** How many rows there are, and the newest of them. */
  newest: (count: number, signal?: AbortSignal) => Promise<{ total: number; rows: Reference[] }>;
}

export function summaryOf<T extends Row, Input>(entity: Entity<T, Input>): EntitySummary {
  return {
    ...entity,
    newest: async (count, signal) => {
      const page = await entity.api.list({ pageSize: count, sort: '-createdAt' }, signal);
      const rows = page.items.map((row) => ({ id: row.id, label: titleOf(entity, row) }));
      return { total: page.total, rows };
    },
  };
}

/** How a relation's input finds rows of the other entity, and names one it only knows by id. */
export function linkTo<T extends Row, Input>(
  api: Resource<T, Input>,
  display: FieldName<T>,
): Pick<RelationSpec, 'search' | 'find'> {
  return {
    search: api.options,
    find: async (id, signal) => {
      const name = (await api.get(id, signal))[display] ?? '';
      return { id, label: String(name) || id.slice(-6) };
    },
  };
}
