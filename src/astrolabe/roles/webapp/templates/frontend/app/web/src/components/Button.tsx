import type { ComponentProps } from 'react';
import { Link, type LinkProps } from 'react-router';
import { Spinner } from './Spinner';

export type Look = 'primary' | 'secondary' | 'quiet' | 'danger' | 'warning';

const SHARED =
  'inline-flex max-w-full items-center justify-center gap-2 rounded-lg text-sm font-medium whitespace-nowrap transition-colors focus-visible:outline-2 focus-visible:outline-offset-2 focus-visible:outline-brand disabled:cursor-not-allowed disabled:opacity-50';

const LOOKS: Record<Look, string> = {
  primary: 'bg-brand text-on-brand shadow-sm hover:bg-brand-strong',
  secondary: 'border border-line bg-surface text-ink shadow-sm hover:bg-raised',
  quiet: 'text-muted hover:bg-raised hover:text-ink',
  warning: 'border border-line bg-surface text-danger-ink shadow-sm hover:bg-danger-soft',
  danger: 'bg-danger text-on-danger shadow-sm hover:bg-danger-strong',
};

function classes(look: Look, square: boolean, className: string) {
  return `${SHARED} ${LOOKS[look]} ${square ? 'size-9' : 'h-9 px-3.5'} ${className}`;
}

export function Button({
  look = 'primary',
  square = false,
  busy = false,
  className = '',
  disabled,
  type = 'button',
  children,
  ...props
}: ComponentProps<'button'> & { look?: Look; square?: boolean; busy?: boolean }) {
  return (
    <button
      type={type}
      disabled={disabled === true || busy}
      aria-busy={busy || undefined}
      className={classes(look, square, className)}
      {...props}
    >
      {busy && <Spinner className="size-4" />}
      {children}
    </button>
  );
}

export function LinkButton({
  look = 'primary',
  square = false,
  className = '',
  ...props
}: LinkProps & { look?: Look; square?: boolean; className?: string }) {
  return <Link className={classes(look, square, className)} {...props} />;
}
