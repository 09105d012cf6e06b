import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useId, useState, type KeyboardEvent } from 'react';
import type { Reference } from '../api/resource';
import { IconCheck, IconChevronDown, IconClose } from '../components/icons';
import type { RelationSpec } from '../crud/entity';
import { useDebounced } from '../hooks/useDebounced';
import type { InputProps } from './Field';

/** Picks one row, or several, of another entity: a combobox that searches on the server. */
export function RelationPicker({
  field,
  value,
  onChange,
  input,
  placeholder = 'Search…',
}: {
  field: RelationSpec;
  value: readonly Reference[];
  onChange: (value: readonly Reference[]) => void;
  input: InputProps;
  placeholder?: string;
}) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState('');
  const [active, setActive] = useState(0);
  const listId = useId();
  const options = useOptions(field, text, open);
  const shown = options.data ?? [];
  const current = Math.min(active, shown.length - 1);
  const chosen = value[0];

  function close() {
    setOpen(false);
    setText('');
    setActive(0);
  }

  function pick(option: Reference) {
    const isPicked = value.some(({ id }) => id === option.id);
    if (field.many) onChange(isPicked ? without(value, option.id) : [...value, option]);
    else onChange([option]);
    if (field.many) setText('');
    else close();
  }

  function onKeyDown(event: KeyboardEvent<HTMLInputElement>) {
    const steps = new Map([
      ['ArrowDown', 1],
      ['ArrowUp', -1],
    ]);
    const step = steps.get(event.key);
    if (step !== undefined) {
      event.preventDefault();
      if (open && shown.length) setActive((current + step + shown.length) % shown.length);
      setOpen(true);
    } else if (event.key === 'Enter' && open) {
      event.preventDefault();
      const option = shown.at(current);
      if (option) pick(option);
    } else if (event.key === 'Escape' && open) {
      event.stopPropagation();
      close();
    } else if (event.key === 'Backspace' && !text && value.length) {
      event.preventDefault();
      onChange(value.slice(0, -1));
    }
  }

  return (
    <div className="relative">
      {field.many && value.length > 0 && (
        <ul className="mb-2 flex flex-wrap gap-1.5" aria-label={`${field.label}: chosen`}>
          {value.map(({ id, label }) => (
            <li
              key={id}
              className="inline-flex max-w-full items-center gap-1 rounded-full bg-brand-soft py-0.5 pr-1 pl-2.5 text-sm text-brand-ink"
            >
              <span className="truncate">{label}</span>
              <ClearButton label={`Remove ${label}`} onClick={() => onChange(without(value, id))} />
            </li>
          ))}
        </ul>
      )}
      <input
        {...input}
        type="text"
        role="combobox"
        autoComplete="off"
        aria-expanded={open}
        aria-controls={listId}
        aria-autocomplete="list"
        aria-activedescendant={open && current >= 0 ? `${listId}-${current}` : undefined}
        className="input pr-16"
        placeholder={placeholder}
        value={open || field.many ? text : (chosen?.label ?? '')}
        onChange={(event) => {
          setText(event.target.value);
          setActive(0);
          setOpen(true);
        }}
        onClick={() => setOpen(true)}
        onBlur={close}
        onKeyDown={onKeyDown}
      />
      <span className="absolute right-2 bottom-2 flex h-6 items-center gap-1 text-muted">
        {!field.many && chosen && (
          <ClearButton label={`Clear ${field.label}`} onClick={() => onChange([])} />
        )}
        <IconChevronDown className="pointer-events-none size-4" />
      </span>
      <ul
        id={listId}
        role="listbox"
        aria-label={field.label}
        aria-multiselectable={field.many || undefined}
        hidden={!open}
        className="absolute inset-x-0 top-full z-30 mt-1 max-h-64 overflow-y-auto rounded-xl border border-line bg-surface p-1 text-sm shadow-lg"
      >
        {shown.map((option, index) => {
          const isPicked = value.some(({ id }) => id === option.id);
          return (
            <li
              key={option.id}
              id={`${listId}-${index}`}
              role="option"
              data-id={option.id}
              aria-selected={isPicked}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => pick(option)}
              className={`flex cursor-pointer items-center gap-2 rounded-lg px-3 py-2 hover:bg-raised ${index === current ? 'bg-raised' : ''}`}
            >
              <span className="min-w-0 grow truncate">{option.label}</span>
              {isPicked && <IconCheck className="size-4 text-brand-ink" />}
            </li>
          );
        })}
        {shown.length === 0 && (
          <li role="presentation" className="px-3 py-2 text-muted">
            {options.isError
              ? options.error.message
              : options.isPending
                ? 'Loading…'
                : 'Nothing found.'}
          </li>
        )}
      </ul>
    </div>
  );
}

function useOptions(field: RelationSpec, text: string, open: boolean) {
  const q = useDebounced(text.trim(), 200);
  return useQuery({
    queryKey: [field.target, 'options', q],
    queryFn: ({ signal }) => field.search(q, signal),
    placeholderData: keepPreviousData,
    enabled: open,
  });
}

const without = (references: readonly Reference[], id: string) =>
  references.filter((each) => each.id !== id);

function ClearButton({ label, onClick }: { label: string; onClick: () => void }) {
  return (
    <button
      type="button"
      aria-label={label}
      onClick={onClick}
      className="rounded-full p-0.5 hover:bg-raised hover:text-ink focus-visible:outline-2 focus-visible:outline-brand"
    >
      <IconClose className="size-3.5" />
    </button>
  );
}
