import { Link } from 'react-router';
import type { Reference } from '../api/resource';
import { IconCheck, IconExternal } from '../components/icons';
import type { FieldSpec, RelationSpec } from './entity';
import { formatValue } from './format';

/** A field of a row, the way people read it. */
export function Value({ field, value }: { field: FieldSpec; value: unknown }) {
  if (field.kind === 'relation') return <References field={field} value={value} />;
  if (value === null || value === undefined || value === '') return <Nothing />;
  switch (field.kind) {
    case 'boolean':
      return value ? (
        <span className="inline-flex items-center gap-1 text-good">
          <IconCheck className="size-4" />
          Yes
        </span>
      ) : (
        <span className="text-muted">No</span>
      );
    case 'enum':
      return <Badge>{formatValue(field, value)}</Badge>;
    case 'url':
      return <WebLink href={formatValue(field, value)} />;
    case 'email':
      return (
        <a className="link" href={`mailto:${formatValue(field, value)}`}>
          {formatValue(field, value)}
        </a>
      );
    default:
      return formatValue(field, value);
  }
}

export function Badge({ children }: { children: string }) {
  return (
    <span className="inline-block max-w-full truncate rounded-full bg-raised px-2.5 py-0.5 align-bottom text-xs font-medium text-ink">
      {children}
    </span>
  );
}

/** An address becomes a link only when it leads to a web page: `javascript:` does not. */
function WebLink({ href }: { href: string }) {
  if (!/^https?:\/\//i.test(href)) return href;
  return (
    <a
      className="link inline-flex max-w-full items-center gap-1"
      href={href}
      target="_blank"
      rel="noreferrer"
    >
      <span className="truncate">{href.replace(/^https?:\/\//i, '').replace(/\/$/, '')}</span>
      <IconExternal className="size-3.5" />
      <span className="sr-only">(opens in a new tab)</span>
    </a>
  );
}

function References({ field, value }: { field: RelationSpec; value: unknown }) {
  const references = (Array.isArray(value) ? value : value ? [value] : []) as Reference[];
  if (references.length === 0) return <Nothing />;
  return (
    <span className="flex flex-wrap gap-1.5">
      {references.map(({ id, label }) =>
        field.path ? (
          <Link
            key={id}
            to={`${field.path}/${id}`}
            className="max-w-full truncate rounded-full bg-brand-soft px-2.5 py-0.5 text-xs font-medium text-brand-ink hover:underline focus-visible:outline-2 focus-visible:outline-brand"
          >
            {label}
          </Link>
        ) : (
          <Badge key={id}>{label}</Badge>
        ),
      )}
    </span>
  );
}

const Nothing = () => (
  <span className="text-muted">
    <span aria-hidden="true">–</span>
    <span className="sr-only">None</span>
  </span>
);
