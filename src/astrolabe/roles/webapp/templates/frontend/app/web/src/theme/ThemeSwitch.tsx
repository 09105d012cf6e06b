import { IconMonitor, IconMoon, IconSun } from '../components/icons';
import { useTheme, type Theme } from './useTheme';

const CHOICES: { theme: Theme; label: string; Icon: typeof IconSun }[] = [
  { theme: 'light', label: 'Light', Icon: IconSun },
  { theme: 'system', label: 'Like the device', Icon: IconMonitor },
  { theme: 'dark', label: 'Dark', Icon: IconMoon },
];

export function ThemeSwitch() {
  const [current, choose] = useTheme();
  return (
    <fieldset className="inline-flex rounded-full border border-line bg-canvas p-0.5">
      <legend className="sr-only">Colours</legend>
      {CHOICES.map(({ theme, label, Icon }) => (
        <label
          key={theme}
          title={label}
          className="cursor-pointer rounded-full p-1.5 text-muted transition-colors hover:text-ink has-checked:bg-surface has-checked:text-ink has-checked:shadow-sm has-focus-visible:outline-2 has-focus-visible:outline-brand"
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            aria-label={label}
            checked={current === theme}
            onChange={() => choose(theme)}
          />
          <Icon className="size-4" />
        </label>
      ))}
    </fieldset>
  );
}
