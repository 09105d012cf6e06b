import { useQuery } from '@tanstack/react-query';
import { useId } from 'react';
import { Button } from '../components/Button';
import { Field } from '../forms/Field';
import { Select } from '../forms/FieldInput';
import { RelationPicker } from '../forms/RelationPicker';
import type { FieldSpec, RelationSpec } from './entity';
import type { ListState } from './useListState';

const YES_OR_NO = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
];

export const hasFilter = (field: FieldSpec) => 'filterable' in field && field.filterable === true;

/** The parameters of the list that filter by a field. */
export function filterKeys(field: FieldSpec): string[] {
  if (field.kind === 'relation') return [field.key];
  if (field.kind === 'enum' || field.kind === 'boolean') return [field.name];
  return [`${field.name}Min`, `${field.name}Max`];
}

export function Filters({ fields, state }: { fields: readonly FieldSpec[]; state: ListState }) {
  return (
    <form
      aria-label="Filters"
      onSubmit={(event) => event.preventDefault()}
      className="card mb-4 grid gap-5 p-5 sm:grid-cols-2 xl:grid-cols-3"
    >
      {fields.map((field) => (
        <Filter key={field.name} field={field} state={state} />
      ))}
      {state.filters.size > 0 && (
        <div className="sm:col-span-full">
          <Button look="secondary" onClick={state.clear}>
            Clear search and filters
          </Button>
        </div>
      )}
    </form>
  );
}

function Filter({ field, state }: { field: FieldSpec; state: ListState }) {
  switch (field.kind) {
    case 'relation':
      return <RelationFilter field={field} state={state} />;
    case 'enum':
    case 'boolean':
      return (
        <Field name={field.name} label={field.label}>
          {(input) => (
            <Select
              input={input}
              value={state.filters.get(field.name) ?? ''}
              choices={field.kind === 'enum' ? field.choices : YES_OR_NO}
              empty="All"
              onChange={(value) => state.setFilter(field.name, value)}
            />
          )}
        </Field>
      );
    default:
      return <RangeFilter field={field} state={state} />;
  }
}

function RangeFilter({ field, state }: { field: FieldSpec; state: ListState }) {
  const isTime = field.kind === 'date' || field.kind === 'datetime';
  return (
    <fieldset className="min-w-0 space-y-1.5">
      <legend className="text-sm font-medium">{field.label}</legend>
      <div className="flex items-center gap-2 text-sm text-muted">
        <Bound side="Min" isTime={isTime} field={field} state={state} />
        to
        <Bound side="Max" isTime={isTime} field={field} state={state} />
      </div>
    </fieldset>
  );
}

function Bound({
  side,
  isTime,
  field,
  state,
}: {
  side: 'Min' | 'Max';
  isTime: boolean;
  field: FieldSpec;
  state: ListState;
}) {
  const id = useId();
  const key = field.name + side;
  const current = state.filters.get(key) ?? '';
  return (
    <>
      <label htmlFor={id} className="sr-only">
        {field.label}, {side === 'Min' ? 'from' : 'up to'}
      </label>
      <input
        // A bound that changes elsewhere ("clear") starts the input anew; typing is not disturbed.
        key={current}
        id={id}
        type={isTime ? 'date' : 'number'}
        step={isTime ? undefined : 'any'}
        className="input min-w-0"
        defaultValue={current.slice(0, isTime ? 10 : undefined)}
        onBlur={(event) => {
          const value = bound(field, side, event.target.value);
          if (value !== current) state.setFilter(key, value);
        }}
        onKeyDown={(event) => {
          if (event.key === 'Enter') event.currentTarget.blur();
        }}
      />
    </>
  );
}

/** Days are picked; for a moment the bound is the day's first or last instant here. */
function bound(field: FieldSpec, side: 'Min' | 'Max', day: string) {
  if (field.kind !== 'datetime' || day === '') return day;
  return new Date(`${day}T${side === 'Min' ? '00:00:00.000' : '23:59:59.999'}`).toISOString();
}

function RelationFilter({ field, state }: { field: RelationSpec; state: ListState }) {
  const id = state.filters.get(field.key);
  const chosen = useQuery({
    queryKey: [field.target, 'reference', id],
    queryFn: ({ signal }) => field.find(id ?? '', signal),
    enabled: id !== undefined,
  });
  const value = id === undefined ? [] : [chosen.data ?? { id, label: chosen.isError ? id : '…' }];
  return (
    <Field name={field.name} label={field.label}>
      {(input) => (
        <RelationPicker
          field={single(field)}
          input={input}
          value={value}
          placeholder="All"
          onChange={([reference]) => state.setFilter(field.key, reference?.id ?? '')}
        />
      )}
    </Field>
  );
}

/** A list is filtered by one row of the other entity at a time. */
const single = (field: RelationSpec): RelationSpec => ({ ...field, many: false });
