import { Button } from '../components/Button';
import { IconChevronLeft, IconChevronRight } from '../components/icons';
import { formatNumber } from './format';
import { PAGE_SIZES, type ListState } from './useListState';

export function Pagination({
  page,
  pageSize,
  total,
  state,
}: {
  page: number;
  pageSize: number;
  total: number;
  state: Pick<ListState, 'setPage' | 'setPageSize'>;
}) {
  const pages = Math.max(1, Math.ceil(total / pageSize));
  const first = Math.min(total, (page - 1) * pageSize + 1);
  const last = Math.min(total, page * pageSize);
  return (
    <nav
      aria-label="Pages"
      className="mt-4 flex flex-wrap items-center justify-between gap-x-6 gap-y-3 text-sm text-muted"
    >
      <p aria-live="polite">
        {formatNumber(first)}–{formatNumber(last)} of {formatNumber(total)}
      </p>
      <div className="flex items-center gap-4">
        {total > Math.min(...PAGE_SIZES) && (
          <label className="flex items-center gap-2">
            Rows per page
            <select
              className="input h-9 w-auto pr-7"
              value={pageSize}
              onChange={(event) => state.setPageSize(Number(event.target.value))}
            >
              {PAGE_SIZES.map((size) => (
                <option key={size}>{size}</option>
              ))}
            </select>
          </label>
        )}
        {pages > 1 && (
          <div className="flex items-center gap-1">
            <Button
              look="secondary"
              square
              aria-label="Previous page"
              disabled={page <= 1}
              onClick={() => state.setPage(page - 1)}
            >
              <IconChevronLeft className="size-4" />
            </Button>
            <span className="px-2 tabular-nums">
              Page {formatNumber(page)} of {formatNumber(pages)}
            </span>
            <Button
              look="secondary"
              square
              aria-label="Next page"
              disabled={page >= pages}
              onClick={() => state.setPage(page + 1)}
            >
              <IconChevronRight className="size-4" />
            </Button>
          </div>
        )}
      </div>
    </nav>
  );
}
