import { useCallback, useEffect, useSyncExternalStore } from 'react';
import { useMediaQuery } from '../hooks/useMediaQuery';

export type Theme = 'system' | 'light' | 'dark';

const KEY = 'theme';
const listeners = new Set<() => void>();

function subscribe(listener: () => void) {
  listeners.add(listener);
  window.addEventListener('storage', listener);
  return () => {
    listeners.delete(listener);
    window.removeEventListener('storage', listener);
  };
}

function chosen(): Theme {
  const theme = localStorage.getItem(KEY);
  return theme === 'light' || theme === 'dark' ? theme : 'system';
}

/** The theme somebody chose, kept in this browser; `system` follows the device. `theme.js` sets it before we start. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(subscribe, chosen);
  const deviceIsDark = useMediaQuery('(prefers-color-scheme: dark)');
  const dark = theme === 'system' ? deviceIsDark : theme === 'dark';

  useEffect(() => {
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
  }, [dark]);

  const choose = useCallback((next: Theme) => {
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
    listeners.forEach((listener) => listener());
  }, []);
  return [theme, choose];
}
