import { useRef, useState, type SyntheticEvent } from 'react';
import { ApiError } from '../api/http';
import type { Row } from '../api/resource';
import { Button } from '../components/Button';
import { fieldsOf, type Entity, type FieldName, type FieldSpec } from '../crud/entity';
import { useSave } from '../crud/useRows';
import { FieldInput } from './FieldInput';
import { FormError } from './FormError';
import { focusFirstFault } from './focus';
import { LeaveGuard } from './LeaveGuard';
import { validate } from './validate';
import { startValues, toInput, type FormValue } from './values';

/** Creates a row, or changes `row`; faults the API finds are shown at their fields. */
export function EntityForm<T extends Row, Input>({
  entity,
  fields: names,
  row,
  given,
  onSaved,
  onCancel,
}: {
  entity: Entity<T, Input>;
  fields: readonly FieldName<T>[];
  row?: T;
  /** What a new row starts with. */
  given?: Readonly<Record<string, unknown>>;
  onSaved: (row: T) => void;
  onCancel: () => void;
}) {
  const fields: readonly FieldSpec[] = fieldsOf(entity, names);
  const [start] = useState(() => startValues(fields, row, given));
  const [values, setValues] = useState(start);
  const [changed, setChanged] = useState(false);
  const [faults, setFaults] = useState<ReadonlyMap<string, string>>(new Map());
  const form = useRef<HTMLFormElement>(null);
  const save = useSave(entity, row?.id);

  function change(name: string, value: FormValue) {
    setValues(new Map(values).set(name, value));
    setFaults(new Map([...faults].filter(([key]) => key !== name)));
    setChanged(true);
  }

  function showFaults(found: ReadonlyMap<string, string>) {
    setFaults(found);
    focusFirstFault(form);
  }

  function submit(event: SyntheticEvent) {
    event.preventDefault();
    const found = validate(fields, values);
    if (found.size) return showFaults(found);
    setChanged(false);
    save.mutate(toInput(fields, values, row && start) as Input, {
      onSuccess: onSaved,
      onError: (error) => {
        setChanged(true);
        showFaults(byField(fields, error));
      },
    });
  }

  const unplaced = save.error && byField(fields, save.error).size === 0 ? save.error : null;
  return (
    <form ref={form} noValidate onSubmit={submit} className="card" aria-label={entity.label}>
      <LeaveGuard active={changed} />
      <div className="space-y-6 p-5 sm:p-7">
        <FormError error={unplaced} />
        {fields.map((field) => (
          <FieldInput
            key={field.name}
            field={field}
            value={values.get(field.name) ?? ''}
            error={faults.get(field.name)}
            onChange={(value) => change(field.name, value)}
          />
        ))}
      </div>
      <div className="flex flex-wrap justify-end gap-2 rounded-b-2xl border-t border-line bg-canvas/60 px-5 py-4 sm:px-7">
        <Button look="secondary" onClick={onCancel}>
          Cancel
        </Button>
        <Button type="submit" busy={save.isPending}>
          <span className="truncate">{row ? 'Save changes' : `Create ${entity.label}`}</span>
        </Button>
      </div>
    </form>
  );
}

/** The API names the property it refused; a relation's is its key, and an index may follow. */
function byField(fields: readonly FieldSpec[], error: Error): Map<string, string> {
  const found = new Map<string, string>();
  if (!(error instanceof ApiError)) return found;
  for (const [path, message] of error.fields) {
    const property = path.split('.')[0];
    const field = fields.find(
      (each) => each.name === property || (each.kind === 'relation' && each.key === property),
    );
    if (field && !found.has(field.name)) found.set(field.name, message);
  }
  return found;
}
