import { useEffect, useRef, type ReactNode } from 'react';
import { Link } from 'react-router';
import { app } from '../app';
import { IconChevronLeft } from './icons';

let isFirstPage = true;

/** Names the page in its heading and in the browser's tab; a new page's heading takes the focus, so it is read out. */
export function PageHeader({
  title,
  description,
  back,
  actions,
}: {
  title: string;
  description?: string;
  back?: { to: string; label: string };
  actions?: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${title} · ${app.name}`;
  }, [title]);

  useEffect(() => {
    if (!isFirstPage) heading.current?.focus();
    isFirstPage = false;
  }, []);

  return (
    <header className="mb-6">
      {back && (
        <Link
          to={back.to}
          className="mb-2 -ml-1 inline-flex max-w-full items-center gap-0.5 rounded-md pr-1 text-sm text-muted hover:text-ink focus-visible:outline-2 focus-visible:outline-brand"
        >
          <IconChevronLeft className="size-4" />
          <span className="truncate">{back.label}</span>
        </Link>
      )}
      <div className="flex flex-wrap items-start gap-x-4 gap-y-3">
        <div className="min-w-0 grow basis-64">
          <h1
            ref={heading}
            tabIndex={-1}
            className="text-2xl font-semibold tracking-tight wrap-anywhere"
          >
            {title}
          </h1>
          {description && (
            <p className="mt-1 max-w-prose text-sm wrap-anywhere text-muted">{description}</p>
          )}
        </div>
        {actions && <div className="flex max-w-full gap-2">{actions}</div>}
      </div>
    </header>
  );
}
