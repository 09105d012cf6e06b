import type { RefObject } from 'react';

/** After the faults are on the page, bring the first one's input to the person. */
export function focusFirstFault(form: RefObject<HTMLFormElement | null>) {
  requestAnimationFrame(() => {
    form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  });
}
