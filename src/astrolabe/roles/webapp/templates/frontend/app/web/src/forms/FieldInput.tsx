import type { Reference } from '../api/resource';
import type { Choice, FieldSpec } from '../crud/entity';
import { Field, type InputProps } from './Field';
import { RelationPicker } from './RelationPicker';
import { isTriState, type FormValue } from './values';

const YES_OR_NO: readonly Choice[] = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
];

const INPUT_TYPES = new Map<FieldSpec['kind'], string>([
  ['integer', 'number'],
  ['decimal', 'number'],
  ['date', 'date'],
  ['datetime', 'datetime-local'],
  ['email', 'email'],
  ['url', 'url'],
]);

/** The labelled input for one field of an entity. */
export function FieldInput({
  field,
  value,
  error,
  onChange,
}: {
  field: FieldSpec;
  value: FormValue;
  error?: string;
  onChange: (value: FormValue) => void;
}) {
  const isMark = field.kind === 'boolean' && !isTriState(field);
  return (
    <Field
      name={field.name}
      label={field.label}
      required={field.required === true && !isMark}
      help={field.help}
      error={error}
      inline={isMark}
    >
      {(input) => <Control field={field} value={value} input={input} onChange={onChange} />}
    </Field>
  );
}

interface ControlProps {
  field: FieldSpec;
  value: FormValue;
  input: InputProps;
  onChange: (value: FormValue) => void;
}

function Control({ field, value, input, onChange }: ControlProps) {
  const text = typeof value === 'string' ? value : '';
  switch (field.kind) {
    case 'relation':
      return (
        <RelationPicker
          field={field}
          input={input}
          value={Array.isArray(value) ? (value as Reference[]) : []}
          onChange={onChange}
        />
      );
    case 'enum':
      return (
        <Select
          input={input}
          value={text}
          choices={field.choices}
          empty={field.required ? 'Choose…' : 'None'}
          onChange={onChange}
        />
      );
    case 'boolean':
      return isTriState(field) ? (
        <Select
          input={input}
          value={text}
          choices={YES_OR_NO}
          empty="Not said"
          onChange={onChange}
        />
      ) : (
        <input
          {...input}
          type="checkbox"
          checked={value === true}
          onChange={(event) => onChange(event.target.checked)}
          className="size-4.5 accent-brand focus-visible:outline-2 focus-visible:outline-offset-2 focus-visible:outline-brand"
        />
      );
    case 'text':
      return (
        <textarea
          {...input}
          rows={5}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className="input h-auto py-2"
        />
      );
    default:
      return (
        <input
          {...input}
          type={INPUT_TYPES.get(field.kind) ?? 'text'}
          step={field.kind === 'decimal' ? 'any' : undefined}
          inputMode={field.kind === 'url' ? 'url' : undefined}
          value={text}
          onChange={(event) => onChange(event.target.value)}
          className="input"
        />
      );
  }
}

export function Select({
  input,
  value,
  choices,
  empty,
  onChange,
}: {
  input: Partial<InputProps> & { 'aria-label'?: string };
  value: string;
  choices: readonly Choice[];
  empty: string;
  onChange: (value: string) => void;
}) {
  return (
    <select
      {...input}
      className="input pr-8"
      value={value}
      onChange={(event) => onChange(event.target.value)}
    >
      <option value="">{empty}</option>
      {choices.map((choice) => (
        <option key={choice.value} value={choice.value}>
          {choice.label}
        </option>
      ))}
    </select>
  );
}
