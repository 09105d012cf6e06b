import { useEffect, useState } from 'react';
import { IconSearch } from '../components/icons';
import { useDebounced } from '../hooks/useDebounced';

/** Searches when typing pauses. */
export function SearchBox({
  label,
  value,
  onSearch,
}: {
  label: string;
  value: string;
  onSearch: (q: string) => void;
}) {
  const [text, setText] = useState(value);
  const [shown, setShown] = useState(value);
  const settled = useDebounced(text, 250);

  // The search was changed from outside: Back, or "clear".
  if (value !== shown) {
    setShown(value);
    if (value !== settled.trim()) setText(value);
  }

  useEffect(() => {
    if (settled === text && settled.trim() !== value) onSearch(settled.trim());
    // eslint-disable-next-line react-hooks/exhaustive-deps -- only typing starts a search
  }, [settled]);

  return (
    <div className="relative min-w-48 grow sm:max-w-sm">
      <IconSearch className="pointer-events-none absolute top-2.5 left-3 size-5 text-muted" />
      <input
        type="search"
        aria-label={label}
        placeholder="Search…"
        className="input pl-10"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  );
}
